// What must hold between normalizers whatever their formulas look like in code, for any backend.
#pragma once

#include <span>
#include <string>

namespace normsweep {

struct IdentityResult {
  double error = 0;  // relative to the largest value compared
  std::string at;    // the shape and layout of the worst
  int64_t comparisons = 0;
};

struct Identity {
  const char* name;  // "group(1) = layer"
  // The worst over shapes and layouts, on `backend`.
  IdentityResult (*run)(const std::string& backend);
};
std::span<const Identity> Identities();

// The largest |a - b|, relative to the largest |b|; infinite where a difference is not finite or
// the sizes differ.
double RelativeDifference(std::span<const double> a, std::span<const double> b);

// What rounding may cost: float64 and its own two-pass sums, or float32 results.
double IdentityTolerance(const std::string& backend);

}  // namespace normsweep
