#include "harness/experiments/statistics/statistics_config.h"

#include "harness/nn/config_reader.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

GaussianSource ReadGaussian(const Json& json) {
  GaussianSource gaussian;
  ConfigReader reader(json, "/gaussian");
  reader.Integer("channels", &gaussian.channels, 1);
  reader.Integer("positions", &gaussian.positions, 1);
  reader.Number("correlation", &gaussian.correlation, 0, 1);
  reader.Finish();
  return gaussian;
}

void ReadSource(ConfigReader* reader, StatisticsConfig* config) {
  const Json* dataset = reader->Any("dataset");
  const Json* network = reader->Any("network");
  const Json* gaussian = reader->Any("gaussian");
  if ((gaussian == nullptr) == (dataset == nullptr) ||
      (dataset == nullptr) != (network == nullptr)) {
    throw ConfigError("/gaussian", "expected either a data set and a network, or a gaussian");
  }
  if (gaussian != nullptr) {
    config->gaussian = ReadGaussian(*gaussian);
    return;
  }
  config->dataset = ReadDatasetConfig(*dataset, "/dataset");
  config->network = ReadNetworkConfig(*network, "/network");
  if (config->dataset.TrainSamples() < config->population_samples) {
    throw ConfigError("/population_samples",
                      std::to_string(config->population_samples) + ", expected at most the " +
                          std::to_string(config->dataset.TrainSamples()) + " training samples");
  }
}

}  // namespace

StatisticsConfig ReadStatisticsConfig(const Json& resolved_case) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  StatisticsConfig config;
  ConfigReader reader(resolved_case, "");
  reader.Any("experiment");
  reader.Integer("population_samples", &config.population_samples, 2);
  ReadSource(&reader, &config);
  reader.Integer("batch_size", &config.errors.batch_size, 1);
  reader.Integer("draws", &config.errors.draws, 2);
  reader.Integer("anchors", &config.errors.anchors, 1);
  reader.Number("r_max", &config.errors.r_max, 1, kInfinity);
  reader.Number("d_max", &config.errors.d_max, 0, kInfinity);
  reader.Positive("level", &config.level);
  reader.Integer("seed", &config.seed, 0);
  reader.Finish();
  config.errors.seed = static_cast<uint64_t>(config.seed);
  if (config.errors.batch_size > config.population_samples) {
    throw ConfigError("/batch_size",
                      std::to_string(config.errors.batch_size) + ", expected at most the " +
                          std::to_string(config.population_samples) + " samples of the population");
  }
  return config;
}

}  // namespace normsweep
