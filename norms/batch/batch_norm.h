// Batch normalization: S. Ioffe and C. Szegedy, arXiv 1502.03167, algorithms 1 and 2.
//
//   mean_c = sum(x) / m      variance_c = sum((x - mean_c)^2) / m
//   y = gamma_c (x - mean_c) / sqrt(variance_c + eps) + beta_c      m values in channel c
//
// x y [N, C, S]; gamma beta running_mean running_var {1, C, 1}; step {1, 1, 1} float64.
// With normalization_batch_size b ("ghost batches"), sample i belongs to sub-batch i mod N/b and m
// is b S; the running statistics move once a forward, by the mean over the sub-batches. kEval uses
// the running statistics, or the batch's own with track_running_stats false. center_only: y = x -
// mean_c + beta_c (mean-only batch norm, arXiv 1602.07868, section 4). Errors: m = 1 in kTrain; b
// not dividing N (so N < b too) wherever the batch's own statistics are used (ShapeError).
#pragma once

#include <memory>
#include <string>

#include "norms/activation.h"
#include "norms/normalizer.h"
#include "norms/running_average.h"

namespace normsweep {

struct BatchNormOptions {
  double eps = 1e-5;
  bool affine = true;
  bool track_running_stats = true;
  bool center_only = false;
  RunningAverageOptions average;
  bool unbiased_running_variance = true;  // m / (m - 1) times the batch variance, as PyTorch
  std::optional<int64_t> normalization_batch_size;
  Activation activation = Activation::kNone;
};
BatchNormOptions ReadBatchNormOptions(OptionReader* reader);

std::unique_ptr<Normalizer> MakeBatchNorm(const nlohmann::json& options, const Shape& shape,
                                          std::string* why_not);
std::unique_ptr<Normalizer> MakeBatchNormReference(const nlohmann::json& options,
                                                   const Shape& shape, std::string* why_not);

}  // namespace normsweep
