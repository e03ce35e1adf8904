// The activations whose batch statistics are measured, as their images' moments.
#pragma once

#include <optional>
#include <vector>

#include "harness/experiments/statistics/running.h"
#include "harness/experiments/statistics/statistics_config.h"

namespace normsweep {

struct LayerPopulation {
  ImageMoments moments;
  std::optional<KeptImages> kept;  // where running statistics are asked for
};

// What goes into each normalizer of a network at its start, each layer fed with the output of
// normalizers that have the population's own statistics: one forward pass of the first
// population_samples training images as one batch.
std::vector<LayerPopulation> NetworkPopulation(const StatisticsConfig& config,
                                               const Dataset& dataset);

std::vector<LayerPopulation> GaussianPopulation(const StatisticsConfig& config);

}  // namespace normsweep
