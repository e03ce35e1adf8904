#include "harness/experiments/statistics/statistics_config.h"

#include <algorithm>

#include "harness/nn/config_reader.h"
#include "norms/batch/batch_norm.h"
#include "norms/errors.h"

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

NormalizerSpec ReadNormalizer(const Json& json) {
  if (!json.is_object()) throw ConfigError("/normalizer", "expected an object with a name");
  if (json.value("name", Json()) != "batch") {
    throw ConfigError("/normalizer/name", json.value("name", Json()).dump() +
                                              ", expected \"batch\", whose running statistics are "
                                              "measured");
  }
  NormalizerSpec spec{"batch", "native", json};
  if (json.contains("backend")) {
    if (json["backend"] != "native" && json["backend"] != "reference") {
      throw ConfigError("/normalizer/backend",
                        json["backend"].dump() + ", expected \"native\" or \"reference\"");
    }
    spec.backend = json["backend"].get<std::string>();
  }
  for (const char* key : {"name", "backend"}) spec.options.erase(key);
  return spec;
}

// What would leave nothing to compare, or compare something else.
void CheckOptions(const Json& options) {
  BatchNormOptions read;
  try {
    OptionReader reader(options);
    read = ReadBatchNormOptions(&reader);
  } catch (const OptionError& error) {
    throw ConfigError("/normalizer" + error.pointer(), error.message());
  }
  const auto require = [](bool good, const char* key, const char* expected) {
    if (!good) {
      throw ConfigError(std::string("/normalizer/") + key, std::string("expected ") + expected);
    }
  };
  require(read.track_running_stats, "track_running_stats", "true: they are what is measured");
  require(!read.center_only, "center_only", "false: the outputs have no deviation to compare");
  require(read.activation == Activation::kNone, "activation", "none");
  require(!read.normalization_batch_size, "normalization_batch_size",
          "null: batch_size is the batch that statistics are taken over");
}

void ReadRunning(ConfigReader* reader, StatisticsConfig* config) {
  const Json* normalizer = reader->Any("normalizer");
  if (normalizer == nullptr) {
    for (const char* key : {"updates", "running_images"}) {
      if (reader->Any(key) == nullptr) continue;
      throw ConfigError(std::string("/") + key, "expected only with a normalizer");
    }
    return;
  }
  RunningConfig& running = config->running.emplace();
  running.normalizer = ReadNormalizer(*normalizer);
  CheckOptions(running.normalizer.options);
  running.images = std::min(running.images, config->population_samples);
  reader->Integer("updates", &running.updates, 1);
  reader->Integer("running_images", &running.images, 2, config->population_samples);
  if (config->errors.batch_size > running.images) {
    throw ConfigError("/batch_size", std::to_string(config->errors.batch_size) +
                                         ", expected at most the " +
                                         std::to_string(running.images) + " of running_images");
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
  if (config.errors.batch_size > config.population_samples) {
    throw ConfigError("/batch_size",
                      std::to_string(config.errors.batch_size) + ", expected at most the " +
                          std::to_string(config.population_samples) + " samples of the population");
  }
  ReadRunning(&reader, &config);
  reader.Finish();
  config.errors.seed = static_cast<uint64_t>(config.seed);
  return config;
}

}  // namespace normsweep
