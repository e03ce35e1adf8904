// Spectral normalization: T. Miyato, T. Kataoka, M. Koyama and Y. Yoshida, arXiv 1802.05957,
// algorithm 1 and equation 12.
//
//   x as the matrix W [O, I K];   v = W^T u / max(||W^T u||, eps),  u = W v / max(||W v||, eps)
//   sigma = u^T W v,  y = x / sigma      u and v are constants in backward:
//   dL/dx = (dL/dy - (dL/dy . y) u v^T) / sigma
//
// x y [O, I, K] in either layout; buffers u {O, 1, 1} and v {1, I, K}, unit vectors, v in the
// layout of x; running_sigma {1, 1, 1}, the last sigma. kTrain runs power_iterations of them first;
// the other modes use u and v as they are. Until Init draws them from its seed they come from seed
// 0. Errors: sigma = 0 or not finite (ValueError), before y is written.
#pragma once

#include <memory>
#include <string>

#include "norms/normalizer.h"
#include "norms/options.h"

namespace normsweep {

struct SpectralNormOptions {
  double eps = 1e-12;
  int64_t power_iterations = 1;
};
SpectralNormOptions ReadSpectralNormOptions(OptionReader* reader);

std::unique_ptr<Normalizer> MakeSpectralNorm(const nlohmann::json& options, const Shape& shape,
                                             std::string* why_not);
std::unique_ptr<Normalizer> MakeSpectralNormReference(const nlohmann::json& options,
                                                      const Shape& shape, std::string* why_not);

}  // namespace normsweep
