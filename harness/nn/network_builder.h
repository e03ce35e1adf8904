// Turns a NetworkConfig into layers.
#pragma once

#include <memory>
#include <vector>

#include "harness/nn/convolution.h"
#include "harness/nn/network.h"
#include "harness/nn/slot.h"

namespace normsweep {

class NetworkBuilder {
 public:
  NetworkBuilder(Network* network, const NetworkOptions& options);
  void Build();

 private:
  using Layers = std::vector<std::unique_ptr<Layer>>;

  void BuildMlp();
  void BuildCnn();
  void BuildResnet();
  void AppendResidualBlock(int64_t channels, int64_t stride);
  void AppendHead(HeadKind head);

  // A linear layer with its slot; without `activate` the activation comes later, behind a sum.
  void AppendConvolution(Layers* layers, FeatureShape* shape, int64_t channels, int64_t kernel,
                         int64_t stride, bool activate);
  void AppendSlot(Layers* layers, std::unique_ptr<Linear> linear, bool activate);
  void AppendActivation(Layers* layers, const FeatureShape& shape);
  // What stands before the activation, and what behind it: a normalizer, noise, both or nothing.
  void AppendBefore(Layers* layers, const FeatureShape& shape, bool activate);
  void AppendAfter(Layers* layers, const FeatureShape& shape);
  void AppendNormalizer(Layers* layers, const FeatureShape& shape, bool activate);
  void AppendNoise(Layers* layers, const FeatureShape& shape);
  LinearOptions NextLinear(bool bias);

  Network& network_;
  const NetworkOptions& options_;
  Slot slot_;
  Layers layers_;
  FeatureShape shape_;            // of the output of layers_
  std::vector<Linear*> wrapped_;  // to be given a weight normalizer
  size_t activations_ = 0;        // layers so far
  void Start();
};

}  // namespace normsweep
