// The activations whose batch statistics are measured, as their images' moments.
#pragma once

#include <vector>

#include "harness/experiments/statistics/statistics_config.h"

namespace normsweep {

// What goes into each normalizer of a network at its start, each layer fed with the output of
// normalizers that have the population's own statistics: one forward pass of the first
// population_samples training images as one batch.
std::vector<ImageMoments> NetworkPopulation(const StatisticsConfig& config, const Dataset& dataset);

std::vector<ImageMoments> GaussianPopulation(const StatisticsConfig& config);

}  // namespace normsweep
