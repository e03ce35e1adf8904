// What experiment "statistics" takes in memory.
#pragma once

#include "harness/experiments/statistics/statistics_config.h"
#include "harness/nn/saturated.h"

namespace normsweep {

// A case, beside its population: the order of the images, the batches of the running statistics,
// and their normalizers with what goes in and comes out.
Saturated StatisticsCaseBytes(const StatisticsConfig& config);

// A population: the moments of its images, the images that are kept.
Saturated PopulationBytes(const StatisticsConfig& config);
// What making it takes beside it: a network that has seen it as one batch, or all of its values.
Saturated MakingBytes(const StatisticsConfig& config);

}  // namespace normsweep
