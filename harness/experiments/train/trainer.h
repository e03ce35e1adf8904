// One training from the first step to its metrics.
#pragma once

#include "harness/data/dataset.h"
#include "harness/experiments/experiment.h"
#include "harness/experiments/train/train_config.h"

namespace normsweep {

// On the calling thread alone. The numbers depend on the config only.
CaseResult Train(const TrainConfig& config, const Dataset& dataset);

}  // namespace normsweep
