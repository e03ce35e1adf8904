// What a training is asked to measure beside its errors: the config's `measure`.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "harness/nn/network_config.h"

namespace normsweep {

struct MeasureConfig {
  int64_t times = 20;  // how often over the training
  bool statistics = false;
  bool percentiles = false;
  bool landscape = false;
  bool covariate_shift = false;
  bool singular_values = false;                          // at the end
  std::vector<double> landscape_steps = {0.5, 1, 2, 4};  // times the learning rate
};

// Throws ConfigError with pointers that start with /measure, also for what cannot be measured in
// this network.
MeasureConfig ReadMeasureConfig(const nlohmann::json& json, const NetworkConfig& network);

}  // namespace normsweep
