// Weight normalization: T. Salimans and D. P. Kingma, arXiv 1602.07868, equations 2 and 3.
//
//   y_o = g_o x_o / sqrt(||x_o||^2 + eps)      x_o the I K values of output unit o (the paper's v)
//   dL/dg_o = (dL/dy_o . x_o) / ||x_o||
//   dL/dx_o = g_o / ||x_o|| dL/dy_o - g_o dL/dg_o / ||x_o||^2 x_o      (||x_o|| with its eps)
//
// x y [O, I, K] in either layout; g {O, 1, 1}, 1 until Init makes it ||x_o||. All modes are the
// same. The data-dependent start of the paper's section 3 needs the layer's output, so the network
// does it. Errors: ||x_o||^2 + eps = 0 (ValueError that names o), before anything is written.
#pragma once

#include <memory>
#include <string>

#include "norms/normalizer.h"
#include "norms/options.h"

namespace normsweep {

struct WeightNormOptions {
  double eps = 0;
};
WeightNormOptions ReadWeightNormOptions(OptionReader* reader);

std::unique_ptr<Normalizer> MakeWeightNorm(const nlohmann::json& options, const Shape& shape,
                                           std::string* why_not);
std::unique_ptr<Normalizer> MakeWeightNormReference(const nlohmann::json& options,
                                                    const Shape& shape, std::string* why_not);

}  // namespace normsweep
