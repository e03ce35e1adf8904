#include "harness/experiments/statistics/statistics_memory.h"

#include <algorithm>

#include "harness/experiments/statistics/running.h"
#include "harness/nn/network_memory.h"

namespace normsweep {
namespace {

constexpr int64_t kFloat = sizeof(float), kDouble = sizeof(double);

// Of what goes into the normalizers: channels of all of them, values an image of all of them and of
// the widest one.
struct Sizes {
  Saturated channels, values, widest;
};

NetworkOptions OptionsOf(const StatisticsConfig& config) {
  return {config.network,
          {"batch", "native", nlohmann::json::object()},
          config.dataset.Shape(),
          config.dataset.Classes(),
          0};
}

Sizes SizesOf(const StatisticsConfig& config) {
  if (config.gaussian) {
    const Saturated channels = config.gaussian->channels;
    const Saturated values = channels * config.gaussian->positions;
    return {channels, values, values};
  }
  const NetworkOptions options = OptionsOf(config);
  const NetworkMemory network(options);
  return {network.channels(), network.slot_values(), network.widest()};
}

}  // namespace

Saturated StatisticsCaseBytes(const StatisticsConfig& config) {
  const Sizes sizes = SizesOf(config);
  Saturated bytes = 2 * kDouble * Saturated(config.population_samples) + 64 * sizes.channels;
  if (!config.running) return bytes;
  const Saturated batch = config.errors.batch_size;
  bytes += config.running->updates * (batch * kDouble + 64);  // a vector each, all at once
  // x (twice, as it grows by doubling) and the outputs of the subject and its peer, in the type of
  // the backend; the reference copies what it sorts into sets.
  const bool reference = config.running->normalizer.backend == "reference";
  const int64_t size = reference ? 4 * kDouble + 2 * kDouble : 4 * kFloat;
  const Saturated images = std::max(batch, Saturated(kEvalImages));
  return bytes + images * sizes.widest * size + 32 * images * sizes.channels;
}

Saturated PopulationBytes(const StatisticsConfig& config) {
  const Sizes sizes = SizesOf(config);
  const Saturated moments = 2 * kDouble * sizes.channels;
  Saturated bytes = moments * config.population_samples;
  if (config.running) {
    bytes += config.running->images * (sizes.values * kFloat + moments);
  }
  return bytes;
}

Saturated MakingBytes(const StatisticsConfig& config) {
  if (config.gaussian) return config.population_samples * SizesOf(config).values * kFloat;
  const NetworkOptions options = OptionsOf(config);
  return NetworkMemory(options).Bytes({{config.population_samples, false}});
}

}  // namespace normsweep
