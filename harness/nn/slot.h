// The place of a normalizer in a network: after each linear layer but the last. This is the one
// place that asks what a normalizer's target is.
//
//   kActivation  linear -> normalizer -> activation, or linear -> activation -> normalizer
//   kWeight      linear with w = normalizer(v) -> activation
//   "none"       linear -> activation
#pragma once

#include <memory>

#include "harness/nn/layer.h"
#include "harness/nn/linear.h"
#include "norms/registry.h"

namespace normsweep {

class Slot {
 public:
  // Throws UnknownNameError.
  Slot(const NormalizerSpec& spec, bool after_activation);

  // A normalizer right behind a linear layer takes its mean away again, so it has no bias then.
  bool LinearHasBias() const { return !(on_activation_ && !after_activation_); }
  bool WrapsWeight() const { return wraps_weight_; }
  bool BeforeActivation() const { return on_activation_ && !after_activation_; }
  bool AfterActivation() const { return on_activation_ && after_activation_; }

  // Throw OptionError, ShapeError, or ValueError where the backend cannot do what is asked.
  std::unique_ptr<Normalizer> MakeForActivation(const FeatureShape& shape) const;
  std::unique_ptr<Normalizer> MakeForWeight(const Shape& weight) const;

 private:
  std::unique_ptr<Normalizer> Make(const Shape& shape) const;

  NormalizerSpec spec_;
  bool after_activation_, on_activation_, wraps_weight_;
};

}  // namespace normsweep
