// Batch normalization by oneDNN in the memory format that it likes best, which for convolutional
// shapes is a blocked one: what a network made of oneDNN primitives would run. For comparing
// speeds: the reorders from and to the plain layout are calls of their own, so that they can be
// timed, or left out, apart.
//
// The primitive of batch normalization takes the format of the tensor it is given and suggests
// none, so formats are tried, blocked ones first, and the first that gets JIT code is taken; else
// the layout of the shape. Seen with oneDNN 2.6.3 on AVX-512: nChw16c gets bnorm_jit:avx512_core
// and nChw8c bnorm_jit:avx2 for every C and S, forward and backward alike, S = 1 and C = 1
// included; nhwc gets bnorm_jit only where 16 divides C, bnorm_tbb_jit where 4 does, else
// nspc_bnorm:any, and nchw ncsp_bnorm:any, 3 to 8 times slower than blocked. What blocks add as
// padding is normalized too: [8, 3, 3136] takes 17 us in eval as nChw8c and 25 as nChw16c, 32 and
// 55 backward. So the format that pads less comes first, and nChw16c where they pad alike.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "norms/normalizer.h"
#include "norms/onednn/standardize.h"

namespace normsweep::onednn {

class BlockedBatchNorm {
 public:
  // `options` are those of `batch`; running statistics are neither kept nor moved. Throws
  // OptionError or ShapeError (as a Forward of `batch` in this mode does); null with *why_not for
  // an option that oneDNN does not have.
  static std::unique_ptr<BlockedBatchNorm> Make(const nlohmann::json& options, const Shape& shape,
                                                Mode mode, std::string* why_not);

  // Reorders x, and dy if not null, of the shape's plain layout into memory of this object.
  void Load(const float* x, const float* dy);
  void Forward();   // after a Load
  void Backward();  // after a Forward, and a Load with dy; StateError otherwise, as for Forward
  // Reorders y or dx into the shape's plain layout. StateError before there is one.
  void StoreForward(float* y);
  void StoreBackward(float* dx);

  // One value a channel each. gamma (1) and beta (0) are to be set, and so are mean (0) and
  // variance (1) in kEval with track_running_stats; in the other modes each Forward writes these
  // two, the variance biased. The gradients are overwritten by each Backward. Without affine those
  // of gamma and beta are empty.
  std::span<float> gamma() { return gamma_; }
  std::span<float> beta() { return beta_; }
  std::span<float> mean() { return mean_; }
  std::span<float> variance() { return variance_; }
  std::span<const float> dgamma() const { return dgamma_; }
  std::span<const float> dbeta() const { return dbeta_; }

  std::string Implementation() const { return primitive_->Implementation(); }
  const std::string& format() const { return format_; }  // "nChw16c"

 private:
  struct Choice {
    std::string format;
    dnnl::memory::desc desc;
    std::unique_ptr<Standardize> primitive;
  };
  BlockedBatchNorm(const Shape& shape, bool affine, Choice choice);
  static Choice Choose(const Shape& shape, const StandardizeOptions& options);

  // `reorder` between a plain tensor of the caller's and one of ours.
  void Run(const dnnl::reorder& reorder, const dnnl::memory& from, const dnnl::memory& to);

  std::string format_;
  std::unique_ptr<Standardize> primitive_;
  dnnl::memory::desc plain_;
  dnnl::memory x_, dy_, y_, dx_;
  dnnl::reorder load_, store_;
  dnnl::stream stream_;
  std::vector<float> gamma_, beta_, mean_, variance_, dgamma_, dbeta_;
  bool has_x_ = false, has_dy_ = false, has_y_ = false, has_dx_ = false;
};

}  // namespace normsweep::onednn
