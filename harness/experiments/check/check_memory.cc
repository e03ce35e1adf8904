#include "harness/experiments/check/check_memory.h"

#include <algorithm>

namespace normsweep {
namespace {

// A value of a tensor, in bytes. Comparer keeps x, the warm-up's x, dy and both sides' y and dx as
// float64, and z with a fused relu: 64. A side's call converts x and dy and the output: 24 in the
// reference. The reference has dz and a copy of a set, which may be the whole tensor: 16; the oneDNN
// adapter copies and masks: 14. The scale of a gradient: dz again, 8. The fill "exact" counts the
// values of each set in two maps, whose entries take 64 bytes; a set has two values or more, as
// spectral norm's rows may not: 64. With gamma and beta per element (or weights per row) of a single
// sample, value and gradient of both sides, copies of them and their sums of terms: 128.
constexpr int64_t kValueBytes = 320;
// The suites of small tensors, whose sizes are fixed.
constexpr int64_t kSmallBytes = 1 << 20;

}  // namespace

Saturated CheckBytes(const nlohmann::json& resolved_case) {
  Saturated most;
  const auto shapes = resolved_case.find("shapes");
  if (shapes == resolved_case.end()) return kSmallBytes;
  for (const nlohmann::json& dims : *shapes) {
    Saturated values = 1;
    for (const nlohmann::json& size : dims) values *= size.get<int64_t>();
    most = std::max(most, values);
  }
  return most * kValueBytes + kSmallBytes;
}

}  // namespace normsweep
