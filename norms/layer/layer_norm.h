// Layer normalization: J. L. Ba, J. R. Kiros and G. E. Hinton, arXiv 1607.06450, equations 3 and 4.
//
//   mean_n, variance_n (biased) over the C S values of sample n
//   y = gamma (x - mean_n) / sqrt(variance_n + eps) + beta
//
// x y [N, C, S]; gamma beta {1, C, S} in the layout of x (affine "element", as PyTorch's
// LayerNorm), {1, C, 1} ("channel"), or absent ("none"). No buffers: all modes compute the same.
// Errors: C S = 1 in kTrain (ShapeError).
#pragma once

#include <memory>
#include <string>

#include "norms/activation.h"
#include "norms/normalizer.h"
#include "norms/options.h"

namespace normsweep {

struct LayerNormOptions {
  double eps = 1e-5;
  std::string affine = "element";
  Activation activation = Activation::kNone;
};
LayerNormOptions ReadLayerNormOptions(OptionReader* reader);

std::unique_ptr<Normalizer> MakeLayerNorm(const nlohmann::json& options, const Shape& shape,
                                          std::string* why_not);
std::unique_ptr<Normalizer> MakeLayerNormReference(const nlohmann::json& options,
                                                   const Shape& shape, std::string* why_not);

}  // namespace normsweep
