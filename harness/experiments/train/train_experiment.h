// Experiment "train": one case is one training.
#pragma once

#include <memory>

#include "harness/experiments/experiment.h"

namespace normsweep {

std::unique_ptr<Experiment> MakeTrainExperiment();

}  // namespace normsweep
