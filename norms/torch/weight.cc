#include <ATen/ops/_weight_norm_interface.h>
#include <ATen/ops/_weight_norm_interface_backward.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "norms/storage.h"
#include "norms/torch/call.h"
#include "norms/torch/operators.h"

namespace normsweep::torch_backend {
namespace {

// y and the lengths of the rows; dx and dg.
class WeightNorm final : public Normalizer {
 public:
  WeightNorm(nlohmann::json options, const Shape& shape)
      : Normalizer(InfoOf("weight", "weight", Target::kWeight, std::move(options)), shape),
        g_({shape.n, 1, 1}, 1),
        dg_({shape.n, 1, 1}, 0) {
    AddParameter("g", g_.view(), dg_.view());
    Call([&] {
      g_tensor_ = Wrap(g_.data(), {shape.n, 1}, {1, 1});
      dg_tensor_ = Wrap(dg_.data(), {shape.n, 1}, {1, 1});
    });
  }

  Cost ForwardCost(Mode /*mode*/) const override {
    return {2 * shape().Elements() * SizeOf(DataType::kFloat32)};
  }

 private:
  int64_t row() const { return shape().c * shape().s; }

  // Torch divides by 0 without a word. (A row that is not 0 ends at its first value.)
  void CheckRows(const float* x) const {
    for (int64_t o = 0; o < shape().n; ++o) {
      const float* values = x + o * row();
      if (std::any_of(values, values + row(), [](float v) { return v != 0; })) continue;
      throw ValueError("weight: row " + std::to_string(o) + " of x " + shape().ToString() +
                       " has length 0, expected a row with a direction");
    }
  }

  void DoInit(ConstTensorView x, uint64_t /*seed*/) override {
    CheckRows(x.As<float>());
    for (int64_t o = 0; o < shape().n; ++o) {
      double sum = 0;
      for (int64_t i = 0; i < row(); ++i) {
        const auto value = static_cast<double>(x.As<float>()[o * row() + i]);
        sum += value * value;
      }
      g_[o] = static_cast<float>(std::sqrt(sum));
    }
  }

  const Tensor& Wrapping(Wrapped* wrapped, const ConstTensorView& view) const {
    return wrapped->Of(view.data, view.shape, [&](const void* data) {
      return Wrap(data, {shape().n, row()}, {row(), 1});
    });
  }

  void DoForward(Mode /*mode*/, ConstTensorView x, TensorView y) override {
    CheckRows(x.As<float>());
    Call([&] {
      Results results;
      const Tensor& in = Wrapping(&x_, x);
      mutable_info().composite =
          PlaceResult(y.As<float>(), in, x.data == y.data, 0, &results, [&]() -> Results {
            auto [result, lengths] = at::_weight_norm_interface(in, g_tensor_, 0);
            return {result, lengths, Tensor()};
          });
      lengths_ = std::get<1>(results);
    });
  }

  void DoBackward(Mode /*mode*/, ConstTensorView x, ConstTensorView dy, TensorView dx) override {
    Call([&] {
      Results results;
      const Tensor &in = Wrapping(&x_, x), &gradient = Wrapping(&dy_, dy);
      mutable_info().composite =
          PlaceResult(dx.As<float>(), in, dy.data == dx.data, 0, &results, [&]() -> Results {
            auto [result, dg] =
                at::_weight_norm_interface_backward(gradient, in, g_tensor_, lengths_, 0);
            return {result, dg, Tensor()};
          });
      dg_tensor_.add_(std::get<1>(results));
    });
  }

  Storage g_, dg_;
  Tensor g_tensor_, dg_tensor_, lengths_;
  Wrapped x_, dy_;
};

}  // namespace

std::unique_ptr<Normalizer> MakeWeightNorm(nlohmann::json options, const Shape& shape) {
  return std::make_unique<WeightNorm>(std::move(options), shape);
}

}  // namespace normsweep::torch_backend
