// Instance normalization: D. Ulyanov, A. Vedaldi and V. Lempitsky, arXiv 1607.08022, equation (IN).
//
//   mean_nc, variance_nc (biased) over the S values of plane (n, c)
//   y = gamma_c (x - mean_nc) / sqrt(variance_nc + eps) + beta_c
//
// x y [N, C, S]; gamma beta {1, C, 1}. With track_running_stats, as PyTorch's InstanceNorm:
// running_mean running_var {1, C, 1} move by the mean over the samples (the variance unbiased,
// S / (S - 1)), and kEval uses them; step {1, 1, 1} float64. Without it all modes compute the same.
// Errors: S = 1 in kTrain (ShapeError).
#pragma once

#include <memory>
#include <string>

#include "norms/activation.h"
#include "norms/normalizer.h"
#include "norms/running_average.h"

namespace normsweep {

struct InstanceNormOptions {
  double eps = 1e-5;
  bool affine = true;
  bool track_running_stats = false;
  RunningAverageOptions average;
  Activation activation = Activation::kNone;
};
InstanceNormOptions ReadInstanceNormOptions(OptionReader* reader);

std::unique_ptr<Normalizer> MakeInstanceNorm(const nlohmann::json& options, const Shape& shape,
                                             std::string* why_not);
std::unique_ptr<Normalizer> MakeInstanceNormReference(const nlohmann::json& options,
                                                      const Shape& shape, std::string* why_not);

}  // namespace normsweep
