#include "harness/nn/linear.h"

namespace normsweep {

Linear::Linear(const OnednnRuntime& runtime, ParameterArena* arena, const Shape& weight,
               const FeatureShape& output, const LinearOptions& options)
    : Layer(output),
      runtime_(runtime),
      arena_(*arena),
      weight_shape_(weight),
      options_(options),
      weight_offset_(arena->Reserve(weight.Elements())) {
  if (options.bias) bias_offset_ = arena->Reserve(weight.n);
}

std::span<float> Linear::weight() const {
  return {arena_.Value(weight_offset_), static_cast<size_t>(weight_shape_.Elements())};
}
std::span<float> Linear::weight_gradient() const {
  return {arena_.Gradient(weight_offset_), static_cast<size_t>(weight_shape_.Elements())};
}
std::span<float> Linear::bias() const {
  if (!options_.bias) return {};
  return {arena_.Value(bias_offset_), static_cast<size_t>(weight_shape_.n)};
}
std::span<float> Linear::bias_gradient() const {
  if (!options_.bias) return {};
  return {arena_.Gradient(bias_offset_), static_cast<size_t>(weight_shape_.n)};
}

void Linear::WrapWeight(std::unique_ptr<Normalizer> normalizer) {
  normalizer_ = std::move(normalizer);
  normalized_ = FloatBuffer(weight_shape_.Elements());
}

std::span<float> Linear::effective_weight() const {
  return normalizer_ == nullptr ? weight() : normalized_.span();
}

float* Linear::Forward(Mode mode, int64_t n, float* x) {
  if (normalizer_ != nullptr) {
    normalizer_->Forward(mode, ConstTensorView(weight().data(), weight_shape_),
                         TensorView(normalized_.data(), weight_shape_));
  }
  float* y = Apply(n, x);
  if (observer_) observer_(y, n);
  return y;
}

float* Linear::Backward(int64_t n, float* x, float* dy) {
  float* dx = ApplyBackward(n, x, dy);
  if (normalizer_ != nullptr) {
    const TensorView gradient(weight_gradient().data(), weight_shape_);
    normalizer_->Backward(ConstTensorView(weight().data(), weight_shape_), gradient, gradient);
  }
  return dx;
}

}  // namespace normsweep
