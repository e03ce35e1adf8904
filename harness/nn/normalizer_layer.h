// A normalizer of activations as a layer, with a relu that follows where it is fused.
#pragma once

#include <functional>
#include <memory>

#include "harness/nn/layer.h"
#include "harness/nn/memory.h"

namespace normsweep {

// Sees what goes into a network's normalizers of activations: their number, from 0, and x.
using NormalizerObserver = std::function<void(size_t normalizer, const ConstTensorView& x)>;

class NormalizerLayer : public Layer {
 public:
  // `observer` may be null; it and its number outlive the layer.
  NormalizerLayer(std::unique_ptr<Normalizer> normalizer, const FeatureShape& shape,
                  const NormalizerObserver* observer = nullptr, size_t number = 0)
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
  Shape BatchShape(int64_t n) const {
    return {n, output().channels, output().Spatial(), Layout::kChannelsLast};
  }

  std::unique_ptr<Normalizer> normalizer_;
  const NormalizerObserver* observer_;
  size_t number_;
  BatchBuffers y_, dx_;
};

}  // namespace normsweep
