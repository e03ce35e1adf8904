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

// To one of the compiled targets that the machine has; the best one for an empty name.
void Force(const std::string& name) {
  const std::vector<int64_t> available = Bits(Available());
  for (const int64_t bit : available) {
    if (!name.empty() && name != hwy::TargetName(bit)) continue;
    Current() = bit;
    Use(bit);
    return;
  }
  if (Current() != 0) Use(Current());
  throw UnknownNameError(
      "unknown instruction set \"" + name + "\", expected one of" +
      QuotedNames(available, [](int64_t bit) { return std::string(hwy::TargetName(bit)); }));
}

void ObeyEnvironment() {
  static const bool obeyed = [] {  // once, also when several threads ask first
    const char* forced = std::getenv("NORMSWEEP_TARGET");
    Force(forced == nullptr ? "" : forced);
    return true;
  }();
  static_cast<void>(obeyed);
}

}  // namespace

std::vector<std::string> Targets() {
  ObeyEnvironment();
  const int64_t available = Available();
  Use(Current());
  std::vector<std::string> names;
  for (const int64_t bit : Bits(available)) names.push_back(hwy::TargetName(bit));
  return names;
}

void ForceTarget(const std::string& name) {
  ObeyEnvironment();
  Force(name);
}

std::string CurrentTarget() {
  ObeyEnvironment();
  return hwy::TargetName(Current());
}

}  // namespace normsweep::kernels
