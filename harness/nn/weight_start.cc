#include "harness/nn/weight_start.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "norms/errors.h"

namespace normsweep {
namespace {

const Parameter* FindGain(const Linear& linear) {
  Normalizer* normalizer = linear.weight_normalizer();
  if (normalizer == nullptr) return nullptr;
  return FindNamed(normalizer->Parameters(), "g");
}

// Of the mean-only batch norm that takes the place of a linear layer's bias (slot.h).
TensorView RunningMean(const Network& network, size_t linear) {
  return FindNamed(network.activation_normalizers()[linear]->Buffers(), "running_mean")->value;
}

// Two passes over the samples, the second around the first one's mean.
struct UnitMoments {
  std::vector<double> sum, centre;
  double count = 0;

  explicit UnitMoments(int64_t units) : sum(static_cast<size_t>(units)), centre(sum.size()) {}
  void Add(const float* y, int64_t positions, bool squared) {
    for (int64_t p = 0; p < positions; ++p) {
      for (size_t o = 0; o < sum.size(); ++o) {
        const double t = static_cast<double>(*y++) - centre[o];
        sum[o] += squared ? t * t : t;
      }
    }
    count += static_cast<double>(positions);
  }
};

void ForwardAll(Network* network, std::span<const float> samples) {
  const int64_t elements = network->input_shape().Elements();
  const int64_t count = static_cast<int64_t>(samples.size()) / elements;
  for (int64_t i = 0; i < count; i += kStartBatch) {
    const int64_t n = std::min(kStartBatch, count - i);
    std::copy_n(samples.data() + i * elements, n * elements, network->Input(n));
    network->Forward(Mode::kEval, n);  // the samples' numbers do not depend on the chunks
  }
}

void StartLayer(Network* network, size_t index, const Parameter& g,
                std::span<const float> samples) {
  Linear* linear = network->linears()[index];
  const int64_t spatial = linear->output().Spatial();
  const std::span<float> bias = linear->bias();
  std::fill(bias.begin(), bias.end(), 0.0f);
  for (float& gain : g.value.Span<float>()) gain = 1;
  UnitMoments first(linear->output().channels), second = first;
  linear->Observe([&](const float* y, int64_t n) { first.Add(y, n * spatial, false); });
  ForwardAll(network, samples);
  for (size_t o = 0; o < first.sum.size(); ++o) second.centre[o] = first.sum[o] / first.count;
  linear->Observe([&](const float* y, int64_t n) { second.Add(y, n * spatial, true); });
  ForwardAll(network, samples);
  linear->Observe(nullptr);
  for (size_t o = 0; o < second.sum.size(); ++o) {
    const double deviation = std::sqrt(second.sum[o] / second.count);
    if (deviation == 0) {
      throw ValueError("data-dependent start of weight norm: unit " + std::to_string(o) +
                       " of linear layer " + std::to_string(index) +
                       " gives the same value for all samples, expected a deviation above 0");
    }
    g.value.Span<float>()[o] = static_cast<float>(1 / deviation);
    const double mean = second.centre[o] / deviation;
    if (bias.empty()) {
      Set(RunningMean(*network, index), static_cast<int64_t>(o), mean);
    } else {
      bias[o] = static_cast<float>(-mean);
    }
  }
}

}  // namespace

void StartFromData(Network* network, std::span<const float> samples) {
  for (size_t i = 0; i < network->linears().size(); ++i) {
    const Parameter* g = FindGain(*network->linears()[i]);
    if (g != nullptr) StartLayer(network, i, *g, samples);
  }
}

}  // namespace normsweep
