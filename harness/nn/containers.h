// Layers made of layers.
#pragma once

#include <memory>
#include <vector>

#include "harness/nn/layer.h"

namespace normsweep {

// One after the other. An empty sequence is the identity.
class Sequence : public Layer {
 public:
  explicit Sequence(std::vector<std::unique_ptr<Layer>> layers, const FeatureShape& output);
  float* Forward(Mode mode, int64_t n, float* x) override;
  float* Backward(int64_t n, float* x, float* dy) override;

 private:
  std::vector<std::unique_ptr<Layer>> layers_;
  std::vector<float*> inputs_;  // of the last Forward
};

// y = main(x) + shortcut(x) (He, Zhang, Ren and Sun, arXiv 1512.03385); what follows the sum is
// another layer. `main` must begin and end with a layer that does not work in place.
class ResidualBlock : public Layer {
 public:
  ResidualBlock(const FeatureShape& input, std::unique_ptr<Sequence> main,
                std::unique_ptr<Sequence> shortcut);
  float* Forward(Mode mode, int64_t n, float* x) override;
  float* Backward(int64_t n, float* x, float* dy) override;

 private:
  FeatureShape input_;
  std::unique_ptr<Sequence> main_, shortcut_;
};

}  // namespace normsweep
