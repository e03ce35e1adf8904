#include "harness/experiments/check/scales.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "norms/random.h"

namespace normsweep {
namespace {

double LargestGamma(Normalizer* reference) {
  const Parameter* gamma = FindNamed(reference->Parameters(), "gamma");
  if (gamma == nullptr) return 1;
  double largest = 0;
  for (int64_t i = 0; i < gamma->value.shape.Elements(); ++i) {
    largest = std::max(largest, std::abs(Get(gamma->value, i)));
  }
  return largest;
}

double Folded(const ToleranceInput& input) {
  return input.folded ? input.condition / (1 + input.condition) : 0;
}

}  // namespace

double Largest(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

template <class T>
double ScaledError(std::span<const T> got, std::span<const double> expected, double scale) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (got.size() != expected.size()) return kInfinity;
  double error = 0;
  for (size_t i = 0; i < got.size(); ++i) {
    const double difference = std::abs(static_cast<double>(got[i]) - expected[i]);
    if (difference == 0) continue;
    const bool finite = std::isfinite(difference) && std::isfinite(scale) && scale > 0;
    error = std::max(error, finite ? difference / scale : kInfinity);
  }
  return error;
}
template double ScaledError<float>(std::span<const float>, std::span<const double>, double);
template double ScaledError<double>(std::span<const double>, std::span<const double>, double);

void DrawParameters(Normalizer* normalizer, bool unit) {
  Random random(21, 0);
  for (const Parameter& parameter : normalizer->Parameters()) {
    for (int64_t i = 0; i < parameter.value.shape.Elements(); ++i) {
      const double sixteenth = static_cast<double>(random.Below(17)) / 16;
      const bool additive = parameter.name == "beta";
      const double factor = unit ? 1 : 0.5 + sixteenth;
      const double value = static_cast<double>(static_cast<float>(Get(parameter.value, i)));
      Set(parameter.value, i,
          additive ? (unit ? 0 : 2 * sixteenth - 1)
                   : static_cast<double>(static_cast<float>(value * factor)));
    }
  }
}

double TakeConditions(const Normalizer& reference, std::span<const double> x,
                      std::span<const double> y, ToleranceInput* input) {
  const Shape& shape = reference.shape();
  const nlohmann::json& options = reference.Info().options;
  input->condition = 0;
  input->terms = std::max<int64_t>(1, shape.Elements() / shape.c);
  double gain = 0;
  if (reference.target() == Target::kWeight || reference.Info().name == "none") {
    for (size_t i = 0; i < x.size(); ++i) {
      if (x[i] != 0) gain = std::max(gain, std::abs(y[i] / x[i]));
    }
    return gain;
  }
  const double eps = options.value("eps", 0.0);
  const bool scales = !options.value("center_only", false);
  const SetStatistics statistics = reference.Statistics();
  input->terms = std::max(input->terms, statistics.count);
  for (size_t i = 0; i < statistics.mean.size(); ++i) {
    const double k = 1 / std::sqrt(statistics.variance[i] + eps);
    const double r = statistics.r.empty() ? 1.0 : statistics.r[i];
    gain = std::max(gain, scales ? k * r : 1.0);
    input->condition = std::max(input->condition, std::abs(statistics.mean[i]) * k);
  }
  return gain;
}

double OutputScale(Normalizer* reference, const ToleranceInput& input, std::span<const double> y) {
  return std::max(Largest(y), LargestGamma(reference) * Folded(input));
}

double GradientScale(Normalizer* reference, const ToleranceInput& input, const Parameter& parameter,
                     std::span<const double> y, std::span<const double> dy, double start) {
  const double least = Folded(input);
  const Shape& shape = reference->shape();
  const Shape& own = parameter.value.shape;
  const auto size = static_cast<size_t>(own.Elements());
  const Parameter* beta = FindNamed(reference->Parameters(), "beta");
  const bool additive = parameter.name == "beta";
  std::vector<double> sums(size, std::abs(start)), factors(size), shifts(size, 0.0);
  for (size_t i = 0; i < size; ++i) {
    const auto at = static_cast<int64_t>(i);
    factors[i] = Get(parameter.value, at);
    if (beta != nullptr) shifts[i] = Get(beta->value, at);
  }
  ForEachElement(shape, [&](int64_t offset, int64_t n, int64_t c, int64_t element) {
    const int64_t index = own.n > 1 ? n : own.s == shape.s && own.c > 1 ? element : c;
    const size_t p = std::min(static_cast<size_t>(index), size - 1);
    const auto at = static_cast<size_t>(offset);
    const double normalized = additive ? 1 : (y[at] - shifts[p]) / factors[p];
    sums[p] += std::abs(dy[at]) * std::max(std::abs(normalized), least);
  });
  return Largest(sums);
}

double InputGradientScale(Normalizer* reference, double gain, std::span<const double> dy,
                          std::span<const double> dx) {
  return std::max(Largest(dx), gain * LargestGamma(reference) * Largest(dy));
}

}  // namespace normsweep
