#include "harness/experiments/train/measure_config.h"

#include "harness/nn/config_reader.h"

namespace normsweep {
namespace {

constexpr double kMostSteps = 1e6;  // times the learning rate

std::vector<double> ReadSteps(const nlohmann::json& array) {
  std::vector<double> steps;
  for (size_t i = 0; i < array.size(); ++i) {
    const std::string pointer = "/measure/landscape_steps/" + std::to_string(i);
    steps.push_back(RequireNumber(array[i], 0, kMostSteps, pointer));
    if (steps.back() == 0) throw ConfigError(pointer, "0, expected above 0");
  }
  return steps;
}

}  // namespace

MeasureConfig ReadMeasureConfig(const nlohmann::json& json, const NetworkConfig& network) {
  MeasureConfig config;
  ConfigReader reader(json, "/measure");
  reader.Integer("times", &config.times, 1);
  reader.Boolean("statistics", &config.statistics);
  reader.Boolean("percentiles", &config.percentiles);
  reader.Boolean("landscape", &config.landscape);
  reader.Boolean("covariate_shift", &config.covariate_shift);
  reader.Boolean("singular_values", &config.singular_values);
  if (const auto* steps = reader.Array("landscape_steps")) {
    config.landscape_steps = ReadSteps(*steps);
  }
  reader.Finish();
  if (config.percentiles && network.activation == ActivationKind::kRelu) {
    throw ConfigError("/measure/percentiles",
                      "true, expected sigmoid or tanh as network.activation: a relu is part of the "
                      "normalizer before it, whose output nobody sees");
  }
  if (config.covariate_shift && network.kind == NetworkKind::kResnet) {
    throw ConfigError("/measure/covariate_shift",
                      "true, expected an mlp or a cnn, whose layers lie one below the other");
  }
  return config;
}

}  // namespace normsweep
