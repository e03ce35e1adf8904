// Element-wise activations, in place: their derivative is a function of their output, so nothing
// else need be kept.
#pragma once

#include "harness/nn/layer.h"

namespace normsweep {

enum class ActivationKind { kRelu, kSigmoid, kTanh };

class ActivationLayer : public Layer {
 public:
  ActivationLayer(ActivationKind kind, const FeatureShape& shape) : Layer(shape), kind_(kind) {}
  float* Forward(Mode mode, int64_t n, float* x) override;
  float* Backward(int64_t n, float* x, float* dy) override;

 private:
  ActivationKind kind_;
};

}  // namespace normsweep
