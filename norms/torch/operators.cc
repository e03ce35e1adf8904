// Batch, layer, instance and group norm.
//
// channels_first is a contiguous [N, C, S], channels_last a [N, C, S, 1] whose strides are torch's
// ChannelsLast, for which batch and group norm have kernels of their own; layer norm sees [N, C S]
// of either. Instance norm is done as at::instance_norm does it, which copies channels_last to
// contiguous and answers in that, and so, before torch 2, is the backward of group norm: its kernel
// takes the indices of channels_last for those of contiguous, so autograd makes both inputs
// contiguous first. The way back to channels_last is then a copy of ours (Info().composite).
#include "norms/torch/operators.h"

#include <ATen/ops/native_batch_norm.h>
#include <ATen/ops/native_batch_norm_backward.h>
#include <ATen/ops/native_group_norm.h>
#include <ATen/ops/native_group_norm_backward.h>
#include <ATen/ops/native_layer_norm.h>
#include <ATen/ops/native_layer_norm_backward.h>
#include <torch/csrc/api/include/torch/version.h>

#include <algorithm>
#include <array>
#include <utility>

#include "norms/affine_storage.h"
#include "norms/sets.h"
#include "norms/storage.h"
#include "norms/torch/call.h"

namespace normsweep::torch_backend {
namespace {

using MaybeTensor = c10::optional<Tensor>;
using Mask = std::array<bool, 3>;

class ActivationNorm : public Normalizer {
 public:
  Cost ForwardCost(Mode mode) const override {
    const int64_t bytes = shape().Elements() * SizeOf(DataType::kFloat32);
    return {(Measures(mode) ? 3 : 2) * bytes};
  }

 protected:
  ActivationNorm(NormalizerInfo info, const Shape& shape, const AffineEps& affine_eps)
      : Normalizer(std::move(info), shape),
        eps_(affine_eps.eps),
        storage_(shape, affine_eps.affine, true) {
    for (const Parameter& parameter : storage_.Parameters()) {
      AddParameter(parameter.name, parameter.value, parameter.gradient);
    }
    if (affine_eps.affine == AffineKind::kNone) return;
    const int64_t size = storage_.gamma.view().shape.Elements();
    Call([&] {
      gamma_ = Wrap(storage_.gamma.data(), size);
      beta_ = Wrap(storage_.beta.data(), size);
      dgamma_ = Wrap(storage_.dgamma.data(), size);
      dbeta_ = Wrap(storage_.dbeta.data(), size);
    });
  }

  // y, mean and 1 / sqrt(variance + eps) of the sets (any tensors where they are not measured).
  virtual Results Apply(Mode mode, const Tensor& x) = 0;
  // dx, dgamma and dbeta, the latter two only with affine.
  virtual Results Gradients(Mode mode, const Tensor& x, const Tensor& dy) = 0;
  virtual Tensor View(const void* data, const Shape& shape) const {
    if (shape.layout == Layout::kChannelsFirst || shape.s == 1 || shape.c == 1) {
      return Wrap(data, {shape.n, shape.c, shape.s}, {shape.c * shape.s, shape.s, 1});
    }
    return Wrap(data, {shape.n, shape.c, shape.s, 1},
                {shape.s * shape.c, 1, shape.c, shape.c});  // ChannelsLast
  }
  virtual bool Measures(Mode /*mode*/) const { return true; }
  virtual int64_t SetSize(const Shape& shape) const = 0;
  // Tensors of the size of dx that Gradients makes before dx.
  virtual int Discarded() const { return 0; }

  Mask Wanted() const { return {true, gamma_.has_value(), gamma_.has_value()}; }
  const Tensor& mean() const { return mean_; }
  const Tensor& inverse() const { return inverse_; }

  double eps_;
  MaybeTensor gamma_, beta_, dgamma_, dbeta_;

 private:
  void CheckForward(Mode mode, const Shape& shape) const override {
    if (mode == Mode::kTrain) CheckSetSize(Info().label, shape, SetSize(shape));
  }

  const Tensor& Wrapping(Wrapped* wrapped, const ConstTensorView& view) const {
    return wrapped->Of(view.data, view.shape,
                       [&](const void* data) { return View(data, view.shape); });
  }

  void DoForward(Mode mode, ConstTensorView x, TensorView y) override {
    mode_ = mode;
    Call([&] {
      Results results;
      const Tensor& in = Wrapping(&x_, x);
      mutable_info().composite = PlaceResult(y.As<float>(), in, x.data == y.data, 0, &results,
                                             [&] { return Apply(mode, in); });
      mean_ = std::get<1>(results);
      inverse_ = std::get<2>(results);
    });
  }

  void DoBackward(Mode mode, ConstTensorView x, ConstTensorView dy, TensorView dx) override {
    Call([&] {
      Results results;
      const Tensor &in = Wrapping(&x_, x), &gradient = Wrapping(&dy_, dy);
      mutable_info().composite =
          PlaceResult(dx.As<float>(), in, dy.data == dx.data, Discarded(), &results,
                      [&] { return Gradients(mode, in, gradient); });
      if (!dgamma_) return;
      dgamma_->add_(std::get<1>(results));
      dbeta_->add_(std::get<2>(results));
    });
  }

  SetStatistics DoStatistics() const override {
    SetStatistics statistics;
    if (!Measures(mode_)) return statistics;
    statistics.count = SetSize(shape());
    const auto *means = mean_.data_ptr<float>(), *inverses = inverse_.data_ptr<float>();
    for (int64_t set = 0; set < mean_.numel(); ++set) {
      const auto inverse = static_cast<double>(inverses[set]);
      // With eps 0 torch gives 0 for a constant set; otherwise 0 is that of an infinite variance.
      const bool constant = inverse == 0 && eps_ == 0;
      const double variance = constant ? 0 : 1 / (inverse * inverse) - eps_;
      statistics.mean.push_back(static_cast<double>(means[set]));
      statistics.variance.push_back(std::max(0.0, variance));
    }
    return statistics;
  }

  AffineStorage storage_;
  Wrapped x_, dy_;
  Tensor mean_, inverse_;
  Mode mode_ = Mode::kTrain;
};

class LayerNorm final : public ActivationNorm {
 public:
  LayerNorm(const AffineEps& affine_eps, nlohmann::json options, const Shape& shape)
      : ActivationNorm(InfoOf("layer", "layer", Target::kActivation, std::move(options)), shape,
                       affine_eps),
        sizes_{shape.c * shape.s} {}

 private:
  Tensor View(const void* data, const Shape& shape) const override {
    return Wrap(data, {shape.n, sizes_[0]}, {sizes_[0], 1});
  }
  int64_t SetSize(const Shape& shape) const override { return shape.c * shape.s; }
  Results Apply(Mode /*mode*/, const Tensor& x) override {
    return at::native_layer_norm(x, sizes_, gamma_, beta_, eps_);
  }
  Results Gradients(Mode /*mode*/, const Tensor& x, const Tensor& dy) override {
    return at::native_layer_norm_backward(dy, x, sizes_, mean(), inverse(), gamma_, beta_,
                                          Wanted());
  }

  std::array<int64_t, 1> sizes_;
};

class GroupNorm final : public ActivationNorm {
 public:
  GroupNorm(int64_t groups, const AffineEps& affine_eps, nlohmann::json options, const Shape& shape)
      : ActivationNorm(InfoOf("group", "group(" + std::to_string(groups) + ")", Target::kActivation,
                              std::move(options)),
                       shape, affine_eps),
        groups_(groups) {}

 private:
  int64_t SetSize(const Shape& shape) const override { return shape.c / groups_ * shape.s; }
  Results Apply(Mode /*mode*/, const Tensor& x) override {
    const Shape& s = shape();
    return at::native_group_norm(x, gamma_, beta_, s.n, s.c, s.s, groups_, eps_);
  }
  Results Gradients(Mode /*mode*/, const Tensor& x, const Tensor& dy) override {
    const Shape& s = shape();
    const auto ready = [](const Tensor& t) { return TORCH_VERSION_MAJOR < 2 ? t.contiguous() : t; };
    return at::native_group_norm_backward(ready(dy), ready(x), mean(), inverse(), gamma_, s.n, s.c,
                                          s.s, groups_, Wanted());
  }

  int64_t groups_;
};

// Batch norm, and instance norm as at::instance_norm does it: batch norm of [1, N C, S], parameters
// and running statistics repeated N times, the latter averaged again.
class ChannelNorm final : public ActivationNorm {
 public:
  ChannelNorm(const ChannelForm& form, const AffineEps& affine_eps, nlohmann::json options,
              const Shape& shape)
      : ActivationNorm(form.per_sample
                           ? InfoOf("instance", "instance", Target::kActivation, std::move(options))
                           : InfoOf("batch", "batch", Target::kActivation, std::move(options)),
                       shape, affine_eps),
        form_(form),
        mean_storage_({1, shape.c, 1}, 0),
        var_storage_({1, shape.c, 1}, 1) {
    mutable_info().composite =
        form.per_sample && shape.layout == Layout::kChannelsLast && shape.s > 1 && shape.c > 1;
    if (!form.track_running_stats) return;
    AddBuffer("running_mean", mean_storage_.view());
    AddBuffer("running_var", var_storage_.view());
    AddBuffer("step", TensorView(&step_, {1, 1, 1}));
    Call([&] {
      running_mean_ = Wrap(mean_storage_.data(), shape.c);
      running_var_ = Wrap(var_storage_.data(), shape.c);
    });
  }

 private:
  bool Measures(Mode mode) const override {
    return mode != Mode::kEval || !form_.track_running_stats;
  }
  int64_t SetSize(const Shape& shape) const override {
    return form_.per_sample ? shape.s : shape.n * shape.s;
  }

  // It makes its dx twice, and drops the first unused.
  int Discarded() const override { return 1; }

  MaybeTensor Repeated(const MaybeTensor& one) const {
    if (!one || !form_.per_sample) return one;
    return one->repeat({shape().n});
  }
  Tensor Rows(const Tensor& x) const {
    if (!form_.per_sample) return x;
    return x.contiguous().view({1, shape().n * shape().c, shape().s});
  }
  Tensor Average(const Tensor& repeated) const {
    return repeated.view({shape().n, shape().c}).mean(0);
  }

  Results Apply(Mode mode, const Tensor& x) override {
    const bool moves = mode == Mode::kTrain && form_.track_running_stats;
    const bool runs = moves || !Measures(mode);
    const MaybeTensor mean = runs ? Repeated(running_mean_) : MaybeTensor();
    const MaybeTensor var = runs ? Repeated(running_var_) : MaybeTensor();
    Results results = at::native_batch_norm(Rows(x), Repeated(gamma_), Repeated(beta_), mean, var,
                                            Measures(mode), form_.momentum, eps_);
    if (moves) ++step_;
    if (!form_.per_sample) return results;
    if (moves) {
      running_mean_->copy_(Average(*mean));
      running_var_->copy_(Average(*var));
    }
    std::get<0>(results) = std::get<0>(results).view(x.sizes());
    return results;
  }

  Results Gradients(Mode mode, const Tensor& x, const Tensor& dy) override {
    const bool runs = !Measures(mode);
    Results results = at::native_batch_norm_backward(
        Rows(dy), Rows(x), Repeated(gamma_), runs ? Repeated(running_mean_) : MaybeTensor(),
        runs ? Repeated(running_var_) : MaybeTensor(), mean(), inverse(), !runs, eps_, Wanted());
    if (!form_.per_sample) return results;
    auto& [dx, dgamma, dbeta] = results;
    dx = dx.view(x.sizes());
    if (gamma_) {
      dgamma = dgamma.view({shape().n, shape().c}).sum(0);
      dbeta = dbeta.view({shape().n, shape().c}).sum(0);
    }
    return results;
  }

  ChannelForm form_;
  Storage mean_storage_, var_storage_;
  MaybeTensor running_mean_, running_var_;
  double step_ = 0;
};

}  // namespace

std::unique_ptr<Normalizer> MakeChannelNorm(const ChannelForm& form, const AffineEps& affine_eps,
                                            nlohmann::json options, const Shape& shape) {
  return std::make_unique<ChannelNorm>(form, affine_eps, std::move(options), shape);
}

std::unique_ptr<Normalizer> MakeLayerNorm(const AffineEps& affine_eps, nlohmann::json options,
                                          const Shape& shape) {
  return std::make_unique<LayerNorm>(affine_eps, std::move(options), shape);
}

std::unique_ptr<Normalizer> MakeGroupNorm(int64_t groups, const AffineEps& affine_eps,
                                          nlohmann::json options, const Shape& shape) {
  return std::make_unique<GroupNorm>(groups, affine_eps, std::move(options), shape);
}

}  // namespace normsweep::torch_backend
