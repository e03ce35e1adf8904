// What convolution and inner product share: the weights, and a weight normalizer around them.
//
// Weights are rows [O, I, K] (PyTorch's OIHW), so that an output unit is one contiguous row;
// oneDNN's own formats are reordered from it where they differ.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "harness/nn/layer.h"
#include "harness/nn/memory.h"
#include "harness/nn/onednn_call.h"

namespace normsweep {

struct LinearOptions {
  bool bias = true;
  bool first = false;  // no gradient of the input is needed
};

class Linear : public Layer {
 public:
  // Output units o, inputs i and kernel elements k.
  Shape weight_shape() const { return weight_shape_; }
  std::span<float> weight() const;  // what the optimizer trains
  std::span<float> weight_gradient() const;
  std::span<float> bias() const;  // empty without one
  std::span<float> bias_gradient() const;

  // Trains v with w = normalizer(v). Called after the arena's Allocate().
  void WrapWeight(std::unique_ptr<Normalizer> normalizer);
  Normalizer* weight_normalizer() const { return normalizer_.get(); }
  // What the last Forward used: weight(), or normalizer(weight()).
  std::span<float> effective_weight() const;

  // Sees every output [n, O, spatial], channels_last, before the next layer works on it in place.
  using Observer = std::function<void(const float* y, int64_t n)>;
  void Observe(Observer observer) { observer_ = std::move(observer); }

  float* Forward(Mode mode, int64_t n, float* x) final;
  float* Backward(int64_t n, float* x, float* dy) final;

 protected:
  Linear(const OnednnRuntime& runtime, ParameterArena* arena, const Shape& weight,
         const FeatureShape& output, const LinearOptions& options);

  // With the weights of effective_weight() and their gradient to weight_gradient().
  virtual float* Apply(int64_t n, float* x) = 0;
  virtual float* ApplyBackward(int64_t n, float* x, float* dy) = 0;

  const OnednnRuntime& runtime() const { return runtime_; }
  const LinearOptions& options() const { return options_; }

 private:
  const OnednnRuntime& runtime_;
  const ParameterArena& arena_;
  Shape weight_shape_;
  LinearOptions options_;
  int64_t weight_offset_, bias_offset_ = 0;
  std::unique_ptr<Normalizer> normalizer_;
  FloatBuffer normalized_;
  Observer observer_;
};

}  // namespace normsweep
