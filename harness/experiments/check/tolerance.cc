#include "harness/experiments/check/tolerance.h"

#include <cmath>

namespace normsweep {
namespace {

constexpr double kUnit = 0x1p-24;

}  // namespace

double OutputTolerance(const ToleranceInput& input) {
  if (input.own || input.exact) return 8 * kUnit;
  return (8 + 2 * std::sqrt(static_cast<double>(input.terms))) * kUnit * (1 + input.condition);
}

std::optional<std::string> PeerLimit(const std::string& backend, const std::string& fill) {
  if (backend != "onednn" && backend != "onednn_composite") return std::nullopt;
  if (fill == "huge") return "float32 sums of squares of 1e18 overflow";
  return std::nullopt;
}

}  // namespace normsweep
