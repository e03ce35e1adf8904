#include "norms/reference/reference.h"

#include <cmath>
#include <utility>

#include "norms/errors.h"

namespace normsweep::reference {
namespace {

NormalizerInfo MakeInfo(const char* name, std::string label, Target target,
                        nlohmann::json options) {
  NormalizerInfo info;
  info.name = name;
  info.backend = "reference";
  info.label = std::move(label);
  info.implementation = "float64 plain loops";
  info.target = target;
  info.data_type = DataType::kFloat64;
  info.options = std::move(options);
  return info;
}

}  // namespace

Moments TwoPass(std::span<const double> values) {
  const auto m = static_cast<long double>(values.size());
  Moments moments;
  for (const double x : values) moments.mean += x;
  moments.mean /= m;
  // The sum above was rounded at its own magnitude, m * mean; what is left over, at the
  // deviation's.
  long double rest = 0;
  for (const double x : values) rest += x - moments.mean;
  moments.mean += rest / m;
  for (const double x : values) moments.variance += (x - moments.mean) * (x - moments.mean);
  moments.variance /= m;
  return moments;
}

RunningWeights WeightsOfUpdate(const RunningAverageOptions& options, int64_t samples,
                               double updates) {
  if (options.horizon) {
    const double forgotten = static_cast<double>(samples) / *options.horizon;
    return {std::exp(-forgotten), -std::expm1(-forgotten)};
  }
  if (!options.momentum) return {updates / (updates + 1), 1 / (updates + 1)};
  const double momentum = *options.momentum;
  if (options.momentum_weights == "old") return {momentum, 1 - momentum};
  return {1 - momentum, momentum};
}

ReferenceNormalizer::ReferenceNormalizer(const char* name, std::string label, Target target,
                                         nlohmann::json options, const Shape& shape,
                                         Activation activation)
    : Normalizer(MakeInfo(name, std::move(label), target, std::move(options)), shape),
      activation_(activation) {}

double ReferenceNormalizer::Activate(int64_t i, long double z) {
  if (activation_ == Activation::kNone) return static_cast<double>(z);
  passes_.resize(static_cast<size_t>(shape().Elements()));
  const bool passes = z > 0 || std::isnan(z);
  passes_[static_cast<size_t>(i)] = passes;
  return passes ? static_cast<double>(z) : 0;
}

std::vector<double> ReferenceNormalizer::BackThroughActivation(const ConstTensorView& dy) const {
  std::vector<double> dz(dy.As<double>(), dy.As<double>() + dy.shape.Elements());
  if (activation_ == Activation::kNone) return dz;
  for (size_t i = 0; i < dz.size(); ++i) {
    if (!passes_[i]) dz[i] = 0;
  }
  return dz;
}

Cost ReferenceNormalizer::ForwardCost(Mode /*mode*/) const {
  return {2 * shape().Elements() * SizeOf(DataType::kFloat64)};
}

void ReferenceNormalizer::Measured(int64_t count, const std::vector<Moments>& moments) {
  SetStatistics statistics;
  statistics.count = count;
  for (const Moments& set : moments) {
    statistics.mean.push_back(static_cast<double>(set.mean));
    statistics.variance.push_back(static_cast<double>(set.variance));
  }
  Measured(std::move(statistics));
}

Trained ReferenceNormalizer::NewParameter(const char* name, const Shape& shape, double start) {
  const auto size = static_cast<size_t>(shape.Elements());
  const Trained trained{owned_.emplace_back(size, start).data(),
                        owned_.emplace_back(size, 0.0).data()};
  AddParameter(name, {trained.value, shape}, {trained.gradient, shape});
  return trained;
}

double* ReferenceNormalizer::NewBuffer(const char* name, const Shape& shape, double start) {
  double* const data = owned_.emplace_back(static_cast<size_t>(shape.Elements()), start).data();
  AddBuffer(name, {data, shape});
  return data;
}

}  // namespace normsweep::reference
