// A Normalizer made of a oneDNN primitive over a view of the tensor, plus what the primitive leaves
// out.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

#include "norms/affine_storage.h"
#include "norms/engine.h"
#include "norms/normalizer.h"
#include "norms/onednn/standardize.h"
#include "norms/running_statistics.h"

namespace normsweep::onednn {

enum class Sets { kChannel, kSample, kGroup };

struct AdapterOptions {
  Sets sets = Sets::kChannel;
  int64_t groups = 1;  // with kGroup
  double eps = 1e-5;
  AffineKind affine = AffineKind::kNone;
  bool primitive_affine = false;  // gamma and beta are the primitive's own, not the adapter's
  bool layer_primitive = false;   // with kSample: the layer normalization primitive
  std::optional<int64_t> normalization_batch_size;  // with kChannel
  bool track_running_stats = false;
  RunningAverageOptions average;
  bool unbiased_running_variance = true;
};

class Adapter final : public Normalizer {
 public:
  Adapter(NormalizerInfo info, const Shape& shape, const AdapterOptions& options);
  Cost ForwardCost(Mode mode) const override;

 private:
  // How the tensor looks to the primitive: `calls` tensors of `shape` one after the other, in place
  // or in a copy. Its channels, over all calls, are the sets in the order of SetStatistics.
  enum class Copy { kNone, kSubBatches, kChannelsFirst };
  struct View {
    Shape shape;
    int64_t calls = 1;
    Copy copy = Copy::kNone;
  };

  void DoForward(Mode mode, ConstTensorView x, TensorView y) override;
  void DoBackward(Mode mode, ConstTensorView x, ConstTensorView dy, TensorView dx) override;
  SetStatistics DoStatistics() const override;
  void CheckForward(Mode mode, const Shape& shape) const override;

  bool UsesRunning(Mode mode) const;
  View ViewOf(const Shape& shape, bool given_statistics) const;
  Standardize& PrimitiveOf(const View& view, bool given_statistics);
  // Whether gamma and beta are there, and the adapter's to apply: then y = y gamma + beta, and
  // dgamma, dbeta and g = dy gamma.
  bool OwnAffine() const {
    return options_.affine != AffineKind::kNone && !options_.primitive_affine;
  }
  void ForwardAffine(float* y);
  void BackwardAffine(const float* x, const float* dy, float* g);
  void RepeatAffine();  // fills view_gamma_ and view_beta_
  void MoveRunning();
  int64_t SetOf(int64_t n, int64_t c) const;
  double Normalized(float x, int64_t set) const;
  void LoadRunning();
  // A value's place in the view's copy.
  size_t InView(int64_t n, int64_t c, int64_t element) const;
  // The view's copy of a tensor (or the tensor itself), and the way back.
  const float* ToView(const float* tensor, std::vector<float>* copy) const;
  void FromView(const std::vector<float>& copy, float* tensor) const;

  AdapterOptions options_;
  RunningStatistics running_;
  AffineStorage affine_;
  // By the view's N and C (sub-batches of a fixed size change only its C) and given_statistics.
  std::map<std::tuple<int64_t, int64_t, bool>, std::unique_ptr<Standardize>> primitives_;
  View view_;  // of the last Forward
  bool given_statistics_ = false;
  std::vector<float> mean_, variance_;                   // of the sets
  std::vector<double> running_mean_, running_variance_;  // the same, for running_
  // gamma and beta once a channel of the view (sub-batches repeat them), and the sums that come
  // back.
  std::vector<float> view_gamma_, view_beta_, view_dgamma_, view_dbeta_;
  std::vector<float> x_copy_, y_copy_, g_;
};

}  // namespace normsweep::onednn
