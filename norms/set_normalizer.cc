#include "norms/set_normalizer.h"

#include <algorithm>
#include <utility>

#include "norms/cost.h"
#include "norms/kernels/set_kernels.h"

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

Affine SetNormalizer::GammaBeta() const {
  return {affine_.gamma.data(), affine_.beta.data(), form_.activation == Activation::kRelu};
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
  // Running statistics are one a channel, whatever the sets are in training.
  partition_ = measured_ ? PartitionOf(x.shape) : Partition{x.shape.c, 1, true};
  if (!measured_ && running_engine_ == nullptr) {
    running_engine_ = MakeEngine(x.shape, true, form_.affine);
  }
  Engine& engine = measured_ ? *engine_ : *running_engine_;
  engine.Plan(x.shape, partition_);
  if (mode == Mode::kTrain) BeginUpdate();
  engine.Forward(x.As<float>(), y.As<float>(), GammaBeta(), measured_, *this);
  if (mode == Mode::kTrain && parts() > 1) UpdateChannels({0, x.shape.c});
}

void SetNormalizer::DoBackward(Mode /*mode*/, ConstTensorView x, ConstTensorView dy,
                               TensorView dx) {
  Engine& engine = measured_ ? *engine_ : *running_engine_;
  engine.Backward(x.As<float>(), dy.As<float>(), dx.As<float>(), GammaBeta(),
                  {affine_.dgamma.data(), affine_.dbeta.data()}, *this);
}

void SetNormalizer::CoefficientsOf(Mode /*mode*/, SetRange sets, SetArrays* arrays) const {
  kernels::Standardize(sets.first, sets.last, form_.eps, form_.scale, arrays);
}

void SetNormalizer::Coefficients(SetRange sets, SetArrays* arrays) {
  measured_ ? CoefficientsOf(mode_, sets, arrays) : RunningCoefficients(sets, arrays);
  if (mode_ == Mode::kTrain && parts() == 1) UpdateChannels(sets);
}

// With x^ = (x - mean) k r + d, k = 1 / sqrt(variance + eps), r and d constant (r = 1, d = 0 but
// for batch_renorm), g = dL/dy gamma and m values in the set, 1502.03167 section 3 collapses to
//   dL/dx = k r (g - sum(g) / m - (x - mean) k * k sum(g (x - mean)) / m)
// Without scaling k = 1 and the last term is gone; with constant statistics the middle one is too.
void SetNormalizer::Gradients(SetRange sets, SetArrays* arrays) const {
  if (!measured_) {
    std::fill(arrays->t.begin() + sets.first, arrays->t.begin() + sets.last, 0.0F);
    std::fill(arrays->q.begin() + sets.first, arrays->q.begin() + sets.last, 0.0F);
    return;
  }
  kernels::MeanGradients(sets.first, sets.last, engine_->count(), form_.scale, arrays);
  CorrectGradients(sets, arrays);
}

SetStatistics SetNormalizer::DoStatistics() const {
  SetStatistics statistics;
  if (!measured_) return statistics;
  statistics.count = engine_->count();
  for (int64_t part = 0; part < parts(); ++part) {
    for (int64_t group = 0; group < partition_.groups; ++group) {
      const auto set = static_cast<size_t>(engine_->SetOf(part, group));
      statistics.mean.push_back(engine_->arrays().mean[set]);
      statistics.variance.push_back(engine_->arrays().variance[set]);
    }
  }
  return statistics;
}

void SetNormalizer::MoveAverages(RunningStatistics* running, SetRange channels,
                                 double factor) const {
  const SetArrays& arrays = engine_->arrays();
  running->Move(channels, parts(), arrays.mean, arrays.variance, factor);
}

int64_t SetNormalizer::BlockBytes() const {
  const int64_t bytes = shape().Elements() * SizeOf(DataType::kFloat32);
  const Partition partition = PartitionOf(shape());
  const int64_t parts = partition.across_samples ? partition.sub_batches : shape().n;
  // In channels_last the groups of a sample or sub-batch lie between each other.
  const bool interleaved = shape().layout == Layout::kChannelsLast;
  return bytes / (interleaved ? parts : parts * partition.groups);
}

// gamma or beta.
int64_t SetNormalizer::ParameterBytes() const {
  if (form_.affine == AffineKind::kNone) return 0;
  const int64_t values = shape().c * (form_.affine == AffineKind::kElement ? shape().s : 1);
  return values * SizeOf(DataType::kFloat32);
}

Cost SetNormalizer::ForwardCost(Mode mode) const {
  const int64_t bytes = shape().Elements() * SizeOf(DataType::kFloat32);
  const bool twice = !UsesRunning(mode) && BlockBytes() > LastLevelCacheBytes();
  return {(twice ? 3 : 2) * bytes + (form_.scale ? 2 : 1) * ParameterBytes()};
}

// dx needs x for its last term, which constant statistics and mean-only norm do not have, dgamma
// needs it, and relu for its mask; without all three dx is a function of dy. Constant statistics
// need no sum first. gamma is read, and the gradients of gamma and beta are added to.
Cost SetNormalizer::BackwardCost(Mode mode) const {
  const int64_t bytes = shape().Elements() * SizeOf(DataType::kFloat32);
  const bool constant = UsesRunning(mode);
  const bool has_gamma = form_.scale && form_.affine != AffineKind::kNone;
  const bool masks = form_.activation == Activation::kRelu;
  const int64_t reads = masks || has_gamma || (form_.scale && !constant) ? 2 : 1;
  const bool twice = !constant && reads * BlockBytes() > LastLevelCacheBytes();
  return {(reads * (twice ? 2 : 1) + 1) * bytes + (has_gamma ? 5 : 2) * ParameterBytes()};
}

}  // namespace normsweep
