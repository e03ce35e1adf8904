// Batch renormalization: S. Ioffe, arXiv 1702.03275, algorithm 1.
//
//   sigma_c = sqrt(variance_c + eps), mean_c and variance_c (biased) as batch norm's
//   r = clip(sigma_c / running_sigma, 1 / r_max, r_max)
//   d = clip((mean_c - running_mean) / running_sigma, -d_max, d_max)
//   y = gamma_c ((x - mean_c) / sigma_c r + d) + beta_c        r and d are constants in backward
//   running_mean += w (mean_c - running_mean), running_sigma += w (sigma_c - running_sigma)
//
// x y [N, C, S]; gamma beta running_mean running_sigma {1, C, 1}; step {1, 1, 1} float64.
// r and d use the running statistics from before the update. Update number t (0 for the first) uses
// r_max(t): 1 for t < warmup_steps, then linear up to r_max over ramp_steps, and d_max(t) from 0 to
// d_max alike. running_mean starts at 0 and running_sigma at 1. kEval: y = gamma_c (x -
// running_mean) / running_sigma + beta_c. kBatchStatistics: r = 1, d = 0. Sub-batches as in
// batch_norm.h.
#pragma once

#include <memory>
#include <string>

#include "norms/activation.h"
#include "norms/normalizer.h"
#include "norms/running_average.h"

namespace normsweep {

struct BatchRenormOptions {
  double eps = 1e-5;
  bool affine = true;
  RunningAverageOptions average{0.01, "new", std::nullopt};
  double r_max = 3;
  double d_max = 5;
  int64_t warmup_steps = 0;
  int64_t ramp_steps = 0;
  std::optional<int64_t> normalization_batch_size;
  Activation activation = Activation::kNone;
};
BatchRenormOptions ReadBatchRenormOptions(OptionReader* reader);

// The limits in force at update number `step` (0 for the first): 1 and 0 in the warm-up.
struct BatchRenormLimits {
  double r_max;
  double d_max;
};
BatchRenormLimits LimitsAt(const BatchRenormOptions& options, int64_t step);

std::unique_ptr<Normalizer> MakeBatchRenorm(const nlohmann::json& options, const Shape& shape,
                                            std::string* why_not);
std::unique_ptr<Normalizer> MakeBatchRenormReference(const nlohmann::json& options,
                                                     const Shape& shape, std::string* why_not);

}  // namespace normsweep
