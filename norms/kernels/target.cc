#include "norms/kernels/target.h"

#include <hwy/highway.h>

#include <cstdlib>

#include "norms/errors.h"

namespace normsweep::kernels {
namespace {

int64_t Available() {
  hwy::SetSupportedTargetsForTest(0);
  return hwy::SupportedTargets() & HWY_TARGETS;
}

// Bits run from the best to the worst target.
std::vector<int64_t> Bits(int64_t targets) {
  std::vector<int64_t> bits;
  for (; targets != 0; targets &= targets - 1) bits.push_back(targets & -targets);
  return bits;
}

void Use(int64_t targets) {
  hwy::SetSupportedTargetsForTest(targets);
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

int64_t& Current() {
  static int64_t current = 0;
  return current;
}

}  // namespace

std::vector<std::string> Targets() {
  const int64_t available = Available();
  if (Current() != 0) Use(Current());
  std::vector<std::string> names;
  for (const int64_t bit : Bits(available)) names.push_back(hwy::TargetName(bit));
  return names;
}

void ForceTarget(const std::string& name) {
  for (const int64_t bit : Bits(Available())) {
    if (!name.empty() && name != hwy::TargetName(bit)) continue;
    Current() = bit;
    Use(bit);
    return;
  }
  if (Current() != 0) Use(Current());
  throw UnknownNameError("unknown instruction set \"" + name + "\", expected one of" +
                         QuotedNames(Targets()));
}

std::string CurrentTarget() {
  static const bool obeyed = [] {  // once, also when several threads ask first
    const char* forced = std::getenv("NORMSWEEP_TARGET");
    ForceTarget(forced == nullptr ? "" : forced);
    return true;
  }();
  static_cast<void>(obeyed);
  return hwy::TargetName(Current());
}

}  // namespace normsweep::kernels
