// A normalizer of activations as a layer, with a relu that follows where it is fused.
#pragma once

#include <memory>

#include "harness/nn/layer.h"
#include "harness/nn/memory.h"

namespace normsweep {

class NormalizerLayer : public Layer {
 public:
  // `observer` may be null; it and its number outlive the layer.
  NormalizerLayer(std::unique_ptr<Normalizer> normalizer, const FeatureShape& shape,
                  const LayerObserver* observer = nullptr, size_t number = 0)
      : Layer(shape),
        normalizer_(std::move(normalizer)),
        observer_(observer),
        number_(number),
        y_(shape.Elements()),
        dx_(shape.Elements()) {}

  float* Forward(Mode mode, int64_t n, float* x) override {
    float* y = y_.Get(n);
    if (observer_ != nullptr && *observer_) (*observer_)(number_, {x, BatchShape(n)});
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
  std::unique_ptr<Normalizer> normalizer_;
  const LayerObserver* observer_;
  size_t number_;
  BatchBuffers y_, dx_;
};

}  // namespace normsweep
