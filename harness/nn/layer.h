// A layer of a network: a function of a batch of activations [N, C, H, W], channels_last.
//
// | layer          | file              | by      |
// |----------------|-------------------|---------|
// | Convolution    | convolution.h     | oneDNN  |
// | InnerProduct   | inner_product.h   | oneDNN  |
// | GlobalPooling  | pooling.h         | oneDNN  |
// | NormalizerLayer| normalizer_layer.h| norms   |
// | ActivationLayer| activation.h      | own     |
// | NoiseLayer     | noise.h           | own     |
// | Sequence, ResidualBlock | containers.h | of the above |
//
// A layer owns its output and its input gradient, one buffer for each batch size that it has seen;
// after the first step of a size nothing is allocated.
#pragma once

#include <cstdint>
#include <functional>

#include "norms/normalizer.h"

namespace normsweep {

struct FeatureShape {
  int64_t channels = 1, height = 1, width = 1;
  int64_t Spatial() const { return height * width; }
  int64_t Elements() const { return channels * height * width; }
};

// Sees what goes into the layers of one kind: the layer's number among them, from 0, and x.
using LayerObserver = std::function<void(size_t layer, const ConstTensorView& x)>;

class Layer {
 public:
  virtual ~Layer() = default;
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  // y for the n samples in x. An activation works in place and returns x.
  virtual float* Forward(Mode mode, int64_t n, float* x) = 0;
  // dx for the last Forward, whose x (after the whole forward pass) is given; may overwrite dy.
  // Gradients of weights are overwritten, those of normalizers accumulate. Null for the first layer
  // of a network, whose dx nobody needs.
  virtual float* Backward(int64_t n, float* x, float* dy) = 0;

  const FeatureShape& output() const { return output_; }
  Shape BatchShape(int64_t n) const {
    return {n, output_.channels, output_.Spatial(), Layout::kChannelsLast};
  }

 protected:
  explicit Layer(const FeatureShape& output) : output_(output) {}

 private:
  FeatureShape output_;
};

}  // namespace normsweep
