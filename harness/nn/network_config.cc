#include "harness/nn/network_config.h"

#include "harness/config/config_error.h"
#include "harness/nn/config_reader.h"
#include "harness/nn/convolution.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

std::vector<int64_t> ReadHidden(ConfigReader* reader) {
  std::vector<int64_t> hidden;
  const Json* array = reader->Array("hidden");
  if (array == nullptr) return NetworkConfig{}.hidden;
  for (size_t i = 0; i < array->size(); ++i) {
    hidden.push_back(
        RequireInteger((*array)[i], 1, reader->pointer() + "/hidden/" + std::to_string(i)));
  }
  return hidden;
}

std::vector<NetworkConfig::ConvolutionUnit> ReadConvolutions(ConfigReader* reader) {
  std::vector<NetworkConfig::ConvolutionUnit> units;
  const Json* array = reader->Array("convolutions");
  if (array == nullptr) {
    throw ConfigError(reader->pointer() + "/convolutions",
                      "missing, expected a list such as [{\"channels\": 16, \"stride\": 1}]");
  }
  for (size_t i = 0; i < array->size(); ++i) {
    ConfigReader unit((*array)[i], reader->pointer() + "/convolutions/" + std::to_string(i));
    NetworkConfig::ConvolutionUnit u;
    unit.Require("channels");
    unit.Integer("channels", &u.channels, 1);
    unit.Integer("stride", &u.stride, 1, 4);
    unit.Finish();
    units.push_back(u);
  }
  return units;
}

std::optional<NoiseConfig> ReadNoise(ConfigReader* reader) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Json* json = reader->Any("noise");
  if (json == nullptr || json->is_null()) return std::nullopt;
  NoiseConfig noise;
  ConfigReader keys(*json, reader->pointer() + "/noise");
  keys.Number("mean", &noise.mean, 0, kInfinity);
  keys.Number("deviation", &noise.deviation, 1, kInfinity);
  keys.Number("sample_spread", &noise.sample_spread, 0, kInfinity);
  keys.Finish();
  return noise;
}

void ReadResnet(ConfigReader* reader, NetworkConfig* config) {
  reader->Integer("depth", &config->depth, 8);
  reader->Integer("width", &config->width, 1);
  if (config->depth % 6 != 2) {
    throw ConfigError(reader->pointer() + "/depth",
                      std::to_string(config->depth) + ", expected 6n + 2: 8, 14, 20, 26, ...");
  }
}

}  // namespace

NetworkConfig ReadNetworkConfig(const Json& json, const std::string& pointer) {
  NetworkConfig config;
  ConfigReader reader(json, pointer);
  reader.Require("name");
  reader.Choice(
      "name", &config.kind,
      {{"mlp", NetworkKind::kMlp}, {"cnn", NetworkKind::kCnn}, {"resnet", NetworkKind::kResnet}});
  reader.Choice("activation", &config.activation,
                {{"relu", ActivationKind::kRelu},
                 {"sigmoid", ActivationKind::kSigmoid},
                 {"tanh", ActivationKind::kTanh}});
  reader.Choice("normalizer_position", &config.normalizer_after_activation,
                {{"before_activation", false}, {"after_activation", true}});
  reader.Positive("init_scale", &config.init_scale);
  reader.Choice("init_scaled", &config.init_scale_of_last, {{"all", true}, {"hidden", false}});
  config.noise = ReadNoise(&reader);
  switch (config.kind) {
    case NetworkKind::kMlp: config.hidden = ReadHidden(&reader); break;
    case NetworkKind::kCnn:
      config.convolutions = ReadConvolutions(&reader);
      reader.Choice("head", &config.head,
                    {{"flatten", HeadKind::kFlatten},
                     {"average", HeadKind::kAverage},
                     {"max", HeadKind::kMaximum}});
      break;
    case NetworkKind::kResnet: ReadResnet(&reader, &config); break;
  }
  reader.Finish();
  return config;
}

std::vector<FeatureShape> SlotShapes(const NetworkConfig& config, const FeatureShape& input) {
  std::vector<FeatureShape> slots;
  if (config.kind == NetworkKind::kMlp) {
    for (const int64_t units : config.hidden) slots.push_back({units, 1, 1});
    return slots;
  }
  FeatureShape shape = input;
  const auto append = [&](int64_t channels, int64_t stride) {
    shape = ConvolutionShape{shape, channels, 3, stride}.Output();
    slots.push_back(shape);
  };
  if (config.kind == NetworkKind::kCnn) {
    for (const auto& unit : config.convolutions) append(unit.channels, unit.stride);
    return slots;
  }
  append(config.width, 1);  // the blocks of a stage repeat one shape
  append(2 * config.width, 2);
  append(4 * config.width, 2);
  return slots;
}

}  // namespace normsweep
