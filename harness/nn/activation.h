// Element-wise activations, in place: their derivative is a function of their output, so nothing
// else need be kept.
#pragma once

#include "harness/nn/layer.h"

namespace normsweep {

enum class ActivationKind { kRelu, kSigmoid, kTanh };

class ActivationLayer : public Layer {
 public:
  // `observer` may be null; it and its number outlive the layer.
  ActivationLayer(ActivationKind kind, const FeatureShape& shape,
                  const LayerObserver* observer = nullptr, size_t number = 0)
      : Layer(shape), kind_(kind), observer_(observer), number_(number) {}
  float* Forward(Mode mode, int64_t n, float* x) override;
  float* Backward(int64_t n, float* x, float* dy) override;

 private:
  ActivationKind kind_;
  const LayerObserver* observer_;
  size_t number_;
};

}  // namespace normsweep
