// Batch renormalization's r and d, once a set.
#pragma once

#include <cstdint>

#include "norms/kernels/coefficients.h"

namespace normsweep::kernels {

struct RenormLimits {
  double r_max;
  double d_max;
};

// For `n` sets from `first` on, which are the channels from running_mean[0] and running_sigma[0] on
// (1702.03275, algorithm 1): with sigma = sqrt(variance + eps),
//   r = clip(sigma / running_sigma, 1 / r_max, r_max), scale = r / sigma
//   d = clip((mean - running_mean) / running_sigma, -d_max, d_max), shift = d
// and mean_hi + mean_lo = mean. NaN passes the clips.
void Renormalize(int64_t first, int64_t n, double eps, const RenormLimits& limits,
                 const float* running_mean, const float* running_sigma, SetArrays* sets);

}  // namespace normsweep::kernels
