// The normalizers that libtorch has, with the options that its operators have.
#pragma once

#include <memory>

#include "norms/engine.h"
#include "norms/normalizer.h"

namespace normsweep::torch_backend {

struct AffineEps {
  AffineKind affine = AffineKind::kNone;
  double eps = 1e-5;
};
struct ChannelForm {
  bool per_sample = false;  // instance norm; else batch norm
  bool track_running_stats = true;
  double momentum = 0.1;  // of the new value
};

std::unique_ptr<Normalizer> MakeChannelNorm(const ChannelForm& form, const AffineEps& affine_eps,
                                            nlohmann::json options, const Shape& shape);
std::unique_ptr<Normalizer> MakeLayerNorm(const AffineEps& affine_eps, nlohmann::json options,
                                          const Shape& shape);
std::unique_ptr<Normalizer> MakeGroupNorm(int64_t groups, const AffineEps& affine_eps,
                                          nlohmann::json options, const Shape& shape);
std::unique_ptr<Normalizer> MakeWeightNorm(nlohmann::json options, const Shape& shape);

}  // namespace normsweep::torch_backend
