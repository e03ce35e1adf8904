// The place of a normalizer in a network: after each linear layer but the last. This is the one
// place that asks what a normalizer's target is.
//
//   kActivation  linear -> normalizer -> activation, or linear -> activation -> normalizer;
//                relu right behind a normalizer is fused into it (its option `activation`)
//   kWeight      linear with w = normalizer(v) -> activation
//   "none"       linear -> activation
//
// With the harness's own key mean_only_batch, `weight` is both (mean-only batch normalization, T.
// Salimans and D. P. Kingma, arXiv 1602.07868, section 4): with t = w x, the mean over the batch
// (and positions) taken away and a trained beta in place of the linear layer's bias,
//
//   linear with w = normalizer(v) -> batch with center_only: t - mean(t) + beta -> activation
//
// always before the activation, so that normalizer i stands behind linear layer i. The option
// normalization_batch_size is batch's then; its others have their defaults.
//
// Noise (noise.h) stands right behind the normalizer, or where one would be if there is none; no
// activation is fused then.
#pragma once

#include <memory>
#include <optional>

#include "harness/nn/layer.h"
#include "harness/nn/linear.h"
#include "harness/nn/network_config.h"
#include "norms/registry.h"

namespace normsweep {

class Slot {
 public:
  // Throws UnknownNameError, and OptionError for a mean_only_batch that is not a boolean.
  Slot(const NormalizerSpec& spec, const NetworkConfig& network);

  // A normalizer right behind a linear layer takes its mean away again, so it has no bias then.
  bool LinearHasBias() const { return !(on_activation_ && !after_activation_); }
  bool WrapsWeight() const { return wraps_weight_; }
  bool BeforeActivation() const { return on_activation_ && !after_activation_; }
  bool AfterActivation() const { return on_activation_ && after_activation_; }
  // Whether a normalizer before the activation takes it over: MakeForActivation with `activate`.
  bool FusesActivation() const { return BeforeActivation() && relu_ && !noise_; }
  bool NoiseBeforeActivation() const { return noise_ && !after_activation_; }
  bool NoiseAfterActivation() const { return noise_ && after_activation_; }

  // Throw OptionError, ShapeError, or ValueError where the backend cannot do what is asked.
  // `activate`: with the activation that it fuses, if it does.
  std::unique_ptr<Normalizer> MakeForActivation(const FeatureShape& shape, bool activate) const;
  std::unique_ptr<Normalizer> MakeForWeight(const Shape& weight) const;

 private:
  static std::unique_ptr<Normalizer> Make(const NormalizerSpec& spec, const Shape& shape);

  void ReadMeanOnlyBatch();

  NormalizerSpec spec_;
  std::optional<NormalizerSpec> mean_only_batch_;
  bool after_activation_, relu_, noise_, on_activation_, wraps_weight_;
};

}  // namespace normsweep
