#include "harness/experiments/train/evaluation.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "harness/nn/loss.h"

namespace normsweep {
namespace {

// Samples first .. first + n - 1, starting over behind the last one.
void CopyWrapped(const DataPart& part, int64_t elements, int64_t first, int64_t n, float* to) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t sample = (first + i) % part.count();
    std::copy_n(part.images.data() + sample * elements, elements, to + i * elements);
  }
}

class Tally {
 public:
  void Add(std::span<const float> logits, std::span<const int32_t> labels) {
    const LossSum sum = SoftmaxCrossEntropy(logits, labels, nullptr);
    loss_ += sum.loss;
    errors_ += sum.errors;
    count_ += static_cast<int64_t>(labels.size());
  }
  Evaluation Result() const {
    const auto count = static_cast<double>(count_);
    return {loss_ / count, 100 * static_cast<double>(errors_) / count};
  }

 private:
  double loss_ = 0;
  int64_t errors_ = 0, count_ = 0;
};

Evaluation Evaluate(Network* network, const DataPart& part, Mode mode, int64_t batch_size,
                    bool fill_last) {
  const int64_t elements = network->input_shape().Elements();
  Tally tally;
  for (int64_t first = 0; first < part.count(); first += batch_size) {
    const int64_t counted = std::min(batch_size, part.count() - first);
    const int64_t n = fill_last ? batch_size : counted;
    CopyWrapped(part, elements, first, n, network->Input(n));
    const auto logits = network->Forward(mode, n);
    const auto classes = logits.size() / static_cast<size_t>(n);
    tally.Add(
        logits.first(static_cast<size_t>(counted) * classes),
        std::span(part.labels).subspan(static_cast<size_t>(first), static_cast<size_t>(counted)));
  }
  return tally.Result();
}

// Mean and sum of squared deviations of one channel, merged by Chan, Golub and LeVeque 1979.
struct Moments {
  double count = 0, mean = 0, squares = 0;
  void Merge(double n, double m, double variance) {
    const double delta = m - mean, total = count + n;
    mean += delta * n / total;
    squares += variance * n + delta * delta * count * n / total;
    count = total;
  }
};

// Set i of batch, batch_renorm and instance norm belongs to channel i mod C.
void MergeSets(Normalizer* normalizer, std::vector<Moments>* channels) {
  const SetStatistics sets = normalizer->Statistics();
  for (size_t i = 0; i < sets.mean.size(); ++i) {
    (*channels)[i % channels->size()].Merge(static_cast<double>(sets.count), sets.mean[i],
                                            sets.variance[i]);
  }
}

void WriteStatistics(Normalizer* normalizer, const std::vector<Moments>& channels) {
  const double eps = normalizer->Info().options.value("eps", 0.0);
  const Buffer* variances = FindNamed(normalizer->Buffers(), "running_var");
  const Buffer* deviations = FindNamed(normalizer->Buffers(), "running_sigma");
  for (size_t c = 0; c < channels.size(); ++c) {
    const auto i = static_cast<int64_t>(c);
    const double variance = channels[c].squares / channels[c].count;
    Set(FindNamed(normalizer->Buffers(), "running_mean")->value, i, channels[c].mean);
    if (variances != nullptr) Set(variances->value, i, variance);
    if (deviations != nullptr) Set(deviations->value, i, std::sqrt(variance + eps));
  }
}

}  // namespace

bool HasRunningStatistics(const Network& network) {
  return std::any_of(network.activation_normalizers().begin(),
                     network.activation_normalizers().end(), [](Normalizer* normalizer) {
                       return FindNamed(normalizer->Buffers(), "running_mean") != nullptr;
                     });
}

Evaluation EvaluateRunning(Network* network, const DataPart& part) {
  return Evaluate(network, part, Mode::kEval, kEvaluationBatch, false);
}

Evaluation EvaluateBatchStatistics(Network* network, const DataPart& part, int64_t batch_size) {
  return Evaluate(network, part, Mode::kBatchStatistics, batch_size, true);
}

PopulationStatistics::PopulationStatistics(Network* network, const DataPart& part, int64_t samples,
                                           int64_t batch_size)
    : saved_(network) {
  const auto& normalizers = network->activation_normalizers();
  std::vector<std::vector<Moments>> moments;
  moments.reserve(normalizers.size());
  for (Normalizer* normalizer : normalizers) {
    moments.emplace_back(static_cast<size_t>(normalizer->shape().c));
  }
  const int64_t elements = network->input_shape().Elements();
  const int64_t batches = std::max<int64_t>(1, std::min(samples, part.count()) / batch_size);
  for (int64_t b = 0; b < batches; ++b) {
    CopyWrapped(part, elements, b * batch_size, batch_size, network->Input(batch_size));
    network->Forward(Mode::kBatchStatistics, batch_size);
    for (size_t i = 0; i < normalizers.size(); ++i) MergeSets(normalizers[i], &moments[i]);
  }
  for (size_t i = 0; i < normalizers.size(); ++i) {
    if (FindNamed(normalizers[i]->Buffers(), "running_mean") != nullptr) {
      WriteStatistics(normalizers[i], moments[i]);
    }
  }
}

}  // namespace normsweep
