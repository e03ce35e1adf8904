// What a network is, as data.
//
// mlp: hidden fully connected layers; cnn: 3x3 convolutions and a head; resnet: the 6n+2 layers of
// arXiv 1512.03385, section 4.2 (stem, three stages of n blocks, width, 2 width and 4 width
// channels, stride 2 between stages, a 1x1 projection where the shape changes, global average
// pooling). All end in a fully connected layer to the classes, which has no normalizer.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/nn/activation.h"
#include "harness/nn/layer.h"
#include "harness/nn/noise.h"
#include "norms/registry.h"

namespace normsweep {

enum class NetworkKind { kMlp, kCnn, kResnet };
enum class HeadKind { kFlatten, kAverage, kMaximum };

struct NetworkConfig {
  NetworkKind kind = NetworkKind::kMlp;
  ActivationKind activation = ActivationKind::kRelu;
  bool normalizer_after_activation = false;
  double init_scale = 1;
  bool init_scale_of_last = true;                 // also of the layer to the classes
  std::optional<NoiseConfig> noise;               // at the place of the normalizers, behind them
  std::vector<int64_t> hidden = {100, 100, 100};  // mlp
  struct ConvolutionUnit {
    int64_t channels = 1, stride = 1;
  };
  std::vector<ConvolutionUnit> convolutions;  // cnn
  HeadKind head = HeadKind::kFlatten;         // cnn
  int64_t depth = 20, width = 16;             // resnet
};

// Throws ConfigError with pointers that start with `pointer`.
NetworkConfig ReadNetworkConfig(const nlohmann::json& json, const std::string& pointer);

// The shapes of the places for a normalizer: channels, height and width of an activation.
std::vector<FeatureShape> SlotShapes(const NetworkConfig& config, const FeatureShape& input);

}  // namespace normsweep
