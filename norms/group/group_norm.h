// Group normalization: Y. Wu and K. He, arXiv 1803.08494, equations 1 to 3, 6 and 7.
//
//   mean_ng, variance_ng (biased) over the C/G S values of sample n whose channels are in group g,
//   channel c belonging to group floor(c / (C / G))
//   y = gamma_c (x - mean_ng) / sqrt(variance_ng + eps) + beta_c
//
// x y [N, C, S]; gamma beta {1, C, 1}. No buffers: all modes compute the same.
// Errors: G not dividing C (OptionError at /groups); C/G S = 1 in kTrain (ShapeError).
#pragma once

#include <memory>
#include <string>

#include "norms/activation.h"
#include "norms/normalizer.h"
#include "norms/options.h"

namespace normsweep {

struct GroupNormOptions {
  double eps = 1e-5;
  int64_t groups = 32;
  bool affine = true;
  Activation activation = Activation::kNone;
};
GroupNormOptions ReadGroupNormOptions(OptionReader* reader);
void CheckGroups(int64_t groups, int64_t channels);  // OptionError when it does not divide

std::unique_ptr<Normalizer> MakeGroupNorm(const nlohmann::json& options, const Shape& shape,
                                          std::string* why_not);
std::unique_ptr<Normalizer> MakeGroupNormReference(const nlohmann::json& options,
                                                   const Shape& shape, std::string* why_not);

}  // namespace normsweep
