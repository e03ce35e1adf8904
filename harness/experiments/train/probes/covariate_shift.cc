#include "harness/experiments/train/probes/covariate_shift.h"

#include <cmath>
#include <numeric>

#include "harness/experiments/train/probes/saved_network.h"

namespace normsweep {
namespace {

// The parameters of a linear layer and of the normalizers that belong to it.
struct Block {
  std::span<float> value, gradient;
};

void Append(Normalizer* normalizer, std::vector<Block>* blocks) {
  if (normalizer == nullptr) return;
  for (const Parameter& p : normalizer->Parameters()) {
    const auto count = static_cast<size_t>(p.value.shape.Elements());
    blocks->push_back({{p.value.As<float>(), count}, {p.gradient.As<float>(), count}});
  }
}

// Normalizer i of activations belongs to linear layer i, in an mlp or a cnn.
std::vector<std::vector<Block>> BlocksByLayer(const Network& network) {
  std::vector<std::vector<Block>> layers;
  const auto& normalizers = network.activation_normalizers();
  for (size_t i = 0; i < network.linears().size(); ++i) {
    const Linear& linear = *network.linears()[i];
    std::vector<Block>& blocks = layers.emplace_back();
    blocks.push_back({linear.weight(), linear.weight_gradient()});
    blocks.push_back({linear.bias(), linear.bias_gradient()});
    Append(linear.weight_normalizer(), &blocks);
    Append(i < normalizers.size() ? normalizers[i] : nullptr, &blocks);
  }
  return layers;
}

using Values = std::vector<float>;
Values Copy(std::span<const float> v) { return {v.begin(), v.end()}; }

double Dot(std::span<const float> a, std::span<const float> b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i)
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

double Mean(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

}  // namespace

void CovariateShift::Look(const ProbedStep& step) {
  SavedNetwork saved(step.network);
  const auto layers = BlocksByLayer(*step.network);
  saved.Gradient(step.images, step.labels);
  std::vector<Values> weights;                 // G_i
  std::vector<std::vector<Values>> gradients;  // all that a layer's step needs
  for (const auto& blocks : layers) {
    weights.push_back(Copy(blocks.front().gradient));
    std::vector<Values>& own = gradients.emplace_back();
    for (const Block& block : blocks) own.push_back(Copy(block.gradient));
  }
  std::vector<double> distances, relatives, cosines;
  for (size_t i = 1; i < layers.size(); ++i) {
    for (size_t b = 0; b < layers[i - 1].size(); ++b) {
      const Values& g = gradients[i - 1][b];
      for (size_t k = 0; k < g.size(); ++k) {
        layers[i - 1][b].value[k] -= static_cast<float>(step.learning_rate) * g[k];
      }
    }
    saved.Gradient(step.images, step.labels);
    const std::span<const float> before = weights[i], after = layers[i].front().gradient;
    const double dot = Dot(before, after), a = Dot(before, before), c = Dot(after, after);
    const double squares = a - 2 * dot + c;  // NaN where a gradient is infinite
    const double distance = squares < 0 ? 0 : std::sqrt(squares);
    if (a == 0 || c == 0) continue;  // a layer that no gradient reaches has no angle
    distances.push_back(distance);
    relatives.push_back(distance / std::sqrt(a));
    cosines.push_back(dot / std::sqrt(a * c));
  }
  if (distances.empty()) return;
  steps_.push_back(step.step);
  distance_.push_back(Mean(distances));
  relative_.push_back(Mean(relatives));
  cosine_.push_back(Mean(cosines));
}

void CovariateShift::Put(CaseResult* result) const {
  result->metrics["covariate_shift_distance"] = Mean(distance_);
  result->metrics["covariate_shift_relative"] = Mean(relative_);
  result->metrics["covariate_shift_cosine"] = Mean(cosine_);
  result->samples["covariate_shift_steps"] = steps_;
  result->samples["covariate_shift_distance"] = distance_;
  result->samples["covariate_shift_cosine"] = cosine_;
}

}  // namespace normsweep
