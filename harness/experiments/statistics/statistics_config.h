// One case of experiment "statistics", read from a resolved config; configs/schema.json describes
// its keys.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/data/dataset.h"
#include "harness/experiments/statistics/batch_error.h"
#include "harness/nn/network_config.h"
#include "norms/registry.h"

namespace normsweep {

// Values of an image and channel that share a Gaussian: the correlation of any two of them.
struct GaussianSource {
  int64_t channels = 16, positions = 49;
  double correlation = 0.3;
};

// A normalizer whose running statistics are measured too: a `batch` that keeps both and does
// nothing but standardize.
struct RunningConfig {
  NormalizerSpec normalizer;
  int64_t updates = 100;  // training batches that it sees
  int64_t images = 500;   // the first of the population, or all of a smaller one: see KeptImages
};

struct StatisticsConfig {
  DatasetConfig dataset;
  NetworkConfig network;
  std::optional<GaussianSource> gaussian;  // in place of both
  int64_t population_samples = 2000;
  BatchErrorOptions errors;
  std::optional<RunningConfig> running;
  double level = 0.1;  // error of the mean for which a batch size is asked
  int64_t seed = 1;    // of the network's start or the Gaussian, and of the draws
};

// Throws ConfigError with pointers into the case.
StatisticsConfig ReadStatisticsConfig(const nlohmann::json& resolved_case);

}  // namespace normsweep
