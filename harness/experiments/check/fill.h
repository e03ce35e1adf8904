// What the check feeds to a normalizer. All values are float32 numbers held in float64, so that a
// float32 backend and the float64 reference see the same.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "norms/registry.h"

namespace normsweep {

// exact: pairs mean +- a in every set, small integers, so that mean and variance are exact in any
//   order of summation and in float32: whatever then differs is not rounding.
// gaussian: N(1, 2^2). offset: mean 1e4, deviation 1. constant: 3 everywhere.
// tiny: N(0, 1) 1e-20. huge: N(0, 1) 1e18, whose squares overflow float32 sums.
std::span<const char* const> FillNames();

struct CheckData {
  std::vector<double> warm_up;  // another batch, for the running statistics
  std::vector<double> x;
  std::vector<double> dy;
};
// Random numbers that MakeCheckData keeps once it was called.
constexpr int64_t kKeptInputBytes = int64_t{4} << 20;

// Throws UnknownNameError for an unknown fill. Thread safe.
CheckData MakeCheckData(const std::string& fill, const NormalizerSpec& spec, const Shape& shape);

// The order in which values of one set are told apart: which set of the whole tensor (n, c) is in.
// Derived from the definition alone, for the exact fill and the mutants.
int64_t SetIndex(const NormalizerSpec& spec, const Shape& shape, int64_t n, int64_t c);

}  // namespace normsweep
