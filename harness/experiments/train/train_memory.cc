#include "harness/experiments/train/train_memory.h"

#include <algorithm>
#include <map>

#include "harness/experiments/train/evaluation.h"
#include "harness/experiments/train/probes/input_percentiles.h"
#include "harness/experiments/train/probes/start_statistics.h"
#include "harness/nn/network_memory.h"
#include "harness/nn/weight_start.h"

namespace normsweep {
namespace {

constexpr int64_t kFloat = sizeof(float), kDouble = sizeof(double);
// A number in a vector that grew by doubling, and in the JSON of the results.
constexpr int64_t kSampleBytes = 2 * kDouble + 2 * 16;

// The batch sizes of a training, its evaluations and its probes, each once.
class BatchUses {
 public:
  void Add(int64_t samples, bool trained) {
    if (samples > 0) uses_[samples] |= trained;
  }
  // `count` samples, so many at a time and then the rest.
  void AddPart(int64_t count, int64_t at_a_time) {
    if (count >= at_a_time) Add(at_a_time, false);
    Add(count % at_a_time, false);
  }
  std::vector<BatchUse> All() const {
    std::vector<BatchUse> all;
    for (const auto& [samples, trained] : uses_) all.push_back({samples, trained});
    return all;
  }

 private:
  std::map<int64_t, bool> uses_;
};

std::vector<BatchUse> BatchesOf(const TrainConfig& config) {
  BatchUses uses;
  uses.Add(config.batch_size, config.StepsPerEpoch() > 1);  // with batch statistics at least
  uses.Add(config.LastBatchSize(), true);
  uses.AddPart(config.dataset.TestSamples(), kEvaluationBatch);
  uses.AddPart(config.dataset.ValidationSamples(), kEvaluationBatch);
  if (config.normalizer.name == "weight") {
    uses.AddPart(std::min(config.init_samples, config.dataset.TrainSamples()), kStartBatch);
  }
  const std::string& name = config.normalizer.name;
  if (config.normalizer_crosses_samples || name == "instance") {  // may have running statistics
    uses.Add(config.recompute_batch_size.value_or(config.batch_size), false);
  }
  if (config.measure.percentiles) {
    const int64_t multiple = config.normalization_batch_size.value_or(1);
    uses.Add(std::max(multiple, std::min(kPercentileSamples, config.dataset.ValidationSamples())),
             false);
  }
  return uses.All();
}

// What the probes keep: the network's parameters and gradients some times over (saved_network.h;
// vectors that grow), a second network, and their numbers.
Saturated ProbeBytes(const TrainConfig& config, const NetworkMemory& network) {
  const MeasureConfig& measure = config.measure;
  const Saturated times = std::min(measure.times, config.Steps());
  Saturated bytes;
  if (measure.landscape || measure.covariate_shift) {
    bytes += 7 * network.parameters() * kFloat + 6 * times * kSampleBytes;
  }
  if (measure.statistics) {
    const int64_t samples = std::min(kStatisticsSamples, config.dataset.TrainSamples());
    bytes += network.Bytes({{samples, false}}) + 2 * kDouble * network.widest() * samples;
  }
  if (measure.percentiles) {
    int64_t widest = 1;
    for (const FeatureShape& shape : SlotShapes(config.network, config.dataset.Shape())) {
      widest = std::max(widest, shape.channels);
    }
    bytes += times * widest * 6 * kDouble + 3 * times * kSampleBytes;
    bytes += 2 * kDouble * network.widest() * kPercentileSamples;
  }
  return bytes;
}

}  // namespace

Saturated TrainBytes(const TrainConfig& config) {
  const NetworkMemory network(config.MakeNetworkOptions());
  const Saturated velocity = network.parameters() * kFloat;
  const Saturated sample = config.dataset.Shape().Elements() * kFloat + 8 + 2 * 4 * 10;
  const Saturated order = config.dataset.TrainSamples() * int64_t{sizeof(int32_t)};
  Saturated bytes = network.Bytes(BatchesOf(config)) + velocity + order;
  bytes += sample * config.LastBatchSize() + sample * config.batch_size;  // images and labels
  bytes += ProbeBytes(config, network);
  // The weight as float64, and as much four times as the decomposition's work space.
  if (config.measure.singular_values) bytes += 5 * kDouble * network.largest_weight();
  return bytes + config.epochs * Saturated(kSampleBytes);
}

}  // namespace normsweep
