#include "norms/set_normalizer.h"

#include <cmath>
#include <utility>

#include "norms/cost.h"

namespace normsweep {

SetNormalizer::SetNormalizer(NormalizerInfo info, const Shape& shape, const Form& form)
    : Normalizer(std::move(info), shape),
      form_(form),
      engine_(MakeEngine(shape, form.across_samples, form.affine)),
      affine_(shape, form.affine, form.scale) {
  for (const Parameter& parameter : affine_.Parameters()) {
    AddParameter(parameter.name, parameter.value, parameter.gradient);
  }
}

AffineParameters SetNormalizer::Affine() {
  return {affine_.gamma.data(), affine_.beta.data(), affine_.dgamma.data(), affine_.dbeta.data()};
}

void SetNormalizer::CheckForward(Mode mode, const Shape& shape) const {
  if (UsesRunning(mode)) return;
  CheckSubBatches(Info().label, shape.n, form_.normalization_batch_size);
  if (mode != Mode::kTrain) return;
  const Partition partition = PartitionOf(shape);
  const int64_t parts = partition.across_samples ? partition.sub_batches : shape.n;
  CheckSetSize(Info().label, shape, shape.Elements() / (parts * partition.groups));
}

void SetNormalizer::DoForward(Mode mode, ConstTensorView x, TensorView y) {
  mode_ = mode;
  measured_ = !UsesRunning(mode);
  partition_ = PartitionOf(x.shape);
  // Running statistics are one a channel, so the sub-batches do not matter, nor whether W divides
  // N.
  if (!measured_) partition_.sub_batches = 1;
  engine_->Plan(x.shape, partition_);
  engine_->Forward(x.As<float>(), y.As<float>(), Affine(), measured_, *this);
  if (mode == Mode::kTrain) Update();
}

void SetNormalizer::DoBackward(Mode /*mode*/, ConstTensorView x, ConstTensorView dy,
                               TensorView dx) {
  engine_->Backward(x.As<float>(), dy.As<float>(), dx.As<float>(), Affine(), *this);
}

double SetNormalizer::InverseDeviation(const SetMoments& moments) const {
  return form_.scale ? 1 / std::sqrt(moments.variance + form_.eps) : 1.0;
}

SetCoefficients SetNormalizer::CoefficientsOf(Mode /*mode*/, int64_t /*set*/,
                                              const SetMoments& moments) const {
  return SetCoefficients::From(moments.mean, InverseDeviation(moments), 0);
}

void SetNormalizer::Coefficients(SetRange sets, std::span<const SetMoments> moments,
                                 std::span<SetCoefficients> out) const {
  for (int64_t set = sets.first; set < sets.last; ++set) {
    const auto at = static_cast<size_t>(set);
    out[at] = measured_ ? CoefficientsOf(mode_, set, moments[at])
                        : RunningCoefficients(engine_->GroupOf(set));
  }
}

// With x^ = (x - mean) k r + d, k = 1 / sqrt(variance + eps), r and d constant (r = 1, d = 0 but
// for batch_renorm), g = dL/dy gamma and m values in the set, 1502.03167 section 3 collapses to
//   dL/dx = k r (g - sum(g) / m - (x - mean) k * k sum(g (x - mean)) / m)
// Without scaling k = 1 and the last term is gone; with constant statistics the middle one is too.
void SetNormalizer::Gradients(SetRange sets, std::span<const GradientSums> sums,
                              std::span<SetGradients> out) const {
  const auto m = static_cast<double>(engine_->count());
  for (int64_t set = sets.first; set < sets.last; ++set) {
    const auto at = static_cast<size_t>(set);
    const float p = engine_->coefficients()[at].scale;  // k r
    if (!measured_) {
      out[at] = {p, 0, 0, 0};
      continue;
    }
    const double k = InverseDeviation(engine_->moments()[at]);
    out[at] = {p, static_cast<float>(sums[at].g / m),
               form_.scale ? static_cast<float>(k * sums[at].ge / m) : 0.0F, static_cast<float>(k)};
  }
}

SetStatistics SetNormalizer::DoStatistics() const {
  SetStatistics statistics;
  if (!measured_) return statistics;
  statistics.count = engine_->count();
  for (int64_t part = 0; part < parts(); ++part) {
    for (int64_t group = 0; group < partition_.groups; ++group) {
      const auto set = static_cast<size_t>(engine_->SetOf(part, group));
      statistics.mean.push_back(engine_->moments()[set].mean);
      statistics.variance.push_back(engine_->moments()[set].variance);
    }
  }
  return statistics;
}

void SetNormalizer::MoveAverages(RunningStatistics* running,
                                 const std::function<double(double variance)>& spread) const {
  const auto moments = [this](int64_t part, int64_t channel) -> const SetMoments& {
    return engine_->moments()[static_cast<size_t>(engine_->SetOf(part, channel))];
  };
  running->Update(
      shape().n, parts(),
      [&](int64_t part, int64_t channel) { return moments(part, channel).mean; },
      [&](int64_t part, int64_t channel) { return spread(moments(part, channel).variance); });
}

int64_t SetNormalizer::BlockBytes() const {
  const int64_t bytes = shape().Elements() * SizeOf(DataType::kFloat32);
  const Partition partition = PartitionOf(shape());
  // Sets next to each other in memory are read together: in channels_last all channels of a batch.
  const bool interleaved = partition.across_samples && shape().layout == Layout::kChannelsLast;
  const int64_t parts = partition.across_samples ? partition.sub_batches : shape().n;
  return interleaved ? bytes : bytes / (parts * partition.groups);
}

Cost SetNormalizer::ForwardCost(Mode mode) const {
  const int64_t bytes = shape().Elements() * SizeOf(DataType::kFloat32);
  const bool twice = !UsesRunning(mode) && BlockBytes() > LastLevelCacheBytes();
  return {(twice ? 3 : 2) * bytes};
}

// dx needs x for its last term, which constant statistics and mean-only norm do not have, and
// dgamma needs it; with both out dx is a function of dy. Constant statistics need no sum first.
Cost SetNormalizer::BackwardCost(Mode mode) const {
  const int64_t bytes = shape().Elements() * SizeOf(DataType::kFloat32);
  const bool constant = UsesRunning(mode);
  const bool has_gamma = form_.scale && form_.affine != AffineKind::kNone;
  const int64_t reads = has_gamma || (form_.scale && !constant) ? 2 : 1;
  const bool twice = !constant && reads * BlockBytes() > LastLevelCacheBytes();
  return {(reads * (twice ? 2 : 1) + 1) * bytes};
}

}  // namespace normsweep
