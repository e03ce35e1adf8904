#include "harness/experiments/statistics/population.h"

#include <algorithm>
#include <cmath>

#include "harness/nn/network.h"
#include "norms/random.h"

namespace normsweep {
namespace {

constexpr uint64_t kGaussianStream = uint64_t{4} << 40;

LayerPopulation LayerOf(const ActivationView& x, const StatisticsConfig& config) {
  LayerPopulation layer{ImageMoments(x), std::nullopt};
  if (config.running) layer.kept.emplace(x, config.running->images);
  return layer;
}

}  // namespace

std::vector<LayerPopulation> NetworkPopulation(const StatisticsConfig& config,
                                               const Dataset& dataset) {
  const int64_t n = config.population_samples;
  Network network({config.network,
                   {"batch", "native", nlohmann::json::object()},
                   dataset.shape,
                   dataset.classes,
                   static_cast<uint64_t>(config.seed)});
  std::vector<LayerPopulation> layers;
  network.Observe([&](size_t, const ConstTensorView& x) {
    layers.push_back(LayerOf({x.As<float>(), x.shape.n, x.shape.s, x.shape.c}, config));
  });
  std::copy_n(dataset.train.images.data(), n * dataset.shape.Elements(), network.Input(n));
  network.Forward(Mode::kBatchStatistics, n);
  return layers;
}

std::vector<LayerPopulation> GaussianPopulation(const StatisticsConfig& config) {
  const GaussianSource& source = *config.gaussian;
  Random random(static_cast<uint64_t>(config.seed), kGaussianStream);
  const double shared = std::sqrt(source.correlation), own = std::sqrt(1 - source.correlation);
  std::vector<float> values;
  values.reserve(
      static_cast<size_t>(config.population_samples * source.positions * source.channels));
  std::vector<double> of_image(static_cast<size_t>(source.channels));
  for (int64_t i = 0; i < config.population_samples; ++i) {
    for (double& v : of_image) v = shared * random.Gaussian();
    for (int64_t s = 0; s < source.positions; ++s) {
      for (const double v : of_image) {
        values.push_back(static_cast<float>(v + own * random.Gaussian()));
      }
    }
  }
  return {LayerOf({values.data(), config.population_samples, source.positions, source.channels},
                  config)};
}

}  // namespace normsweep
