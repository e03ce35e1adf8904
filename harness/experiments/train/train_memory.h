// What one training takes in memory beside the data sets.
#pragma once

#include "harness/experiments/train/train_config.h"
#include "harness/nn/saturated.h"

namespace normsweep {

Saturated TrainBytes(const TrainConfig& config);

}  // namespace normsweep
