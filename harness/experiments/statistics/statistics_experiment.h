// Experiment "statistics": how wrong the statistics of a batch are, without training. One case is
// one batch size; it has a row for each normalizer of the network.
#pragma once

#include <memory>

#include "harness/experiments/experiment.h"

namespace normsweep {

std::unique_ptr<Experiment> MakeStatisticsExperiment();

}  // namespace normsweep
