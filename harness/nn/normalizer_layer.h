// A normalizer of activations as a layer, with a relu that follows where it is fused.
#pragma once

#include <memory>

#include "harness/nn/layer.h"
#include "harness/nn/memory.h"

namespace normsweep {

class NormalizerLayer : public Layer {
 public:
  NormalizerLayer(std::unique_ptr<Normalizer> normalizer, const FeatureShape& shape)
      : Layer(shape),
        normalizer_(std::move(normalizer)),
        y_(shape.Elements()),
        dx_(shape.Elements()) {}

  float* Forward(Mode mode, int64_t n, float* x) override {
    float* y = y_.Get(n);
    normalizer_->Forward(mode, ConstTensorView(x, BatchShape(n)), TensorView(y, BatchShape(n)));
    return y;
  }
  float* Backward(int64_t n, float* x, float* dy) override {
    float* dx = dx_.Get(n);
    normalizer_->Backward(ConstTensorView(x, BatchShape(n)), ConstTensorView(dy, BatchShape(n)),
                          TensorView(dx, BatchShape(n)));
    return dx;
  }

 private:
  Shape BatchShape(int64_t n) const {
    return {n, output().channels, output().Spatial(), Layout::kChannelsLast};
  }

  std::unique_ptr<Normalizer> normalizer_;
  BatchBuffers y_, dx_;
};

}  // namespace normsweep
