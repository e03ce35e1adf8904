// Experiment "statistics": how wrong the statistics of a batch are, without training. One case is
// one batch size; it has a row for each normalizer of the network. Where the config has a `normalizer`,
// also how far its running statistics end from the population's and from another framework's.
#pragma once

#include <memory>

#include "harness/experiments/experiment.h"

namespace normsweep {

std::unique_ptr<Experiment> MakeStatisticsExperiment();

}  // namespace normsweep
