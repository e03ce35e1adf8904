// The base of every activation normalizer of backend native: the engine, gamma and beta, and the
// coefficients of plain standardization. What is left to a normalizer is its partition, and what it
// does to the coefficients (running statistics, r and d).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "norms/activation.h"
#include "norms/affine_storage.h"
#include "norms/engine.h"
#include "norms/native_info.h"
#include "norms/normalizer.h"
#include "norms/running_statistics.h"
#include "norms/sets.h"

namespace normsweep {

class SetNormalizer : public Normalizer, private SetRules {
 public:
  Cost ForwardCost(Mode mode) const override;
  Cost BackwardCost(Mode mode) const override;

 protected:
  struct Form {
    AffineKind affine = AffineKind::kChannel;
    bool across_samples = false;
    bool scale = true;  // false: only the mean is subtracted, and there is a beta but no gamma
    double eps = 1e-5;
    std::optional<int64_t> normalization_batch_size = std::nullopt;  // across samples only
    Activation activation = Activation::kNone;
  };
  SetNormalizer(NormalizerInfo info, const Shape& shape, const Form& form);

  virtual Partition PartitionOf(const Shape& shape) const = 0;
  // Whether a Forward in this mode takes its statistics from the running ones instead of from x.
  virtual bool UsesRunning(Mode /*mode*/) const { return false; }
  // Fills mean_hi, mean_lo, scale and shift of these channels; only if UsesRunning.
  virtual void RunningCoefficients(SetRange /*channels*/, SetArrays* /*arrays*/) const {}
  // Fills those of these sets from their own moments; the default is (x - mean) / sqrt(variance +
  // eps).
  virtual void CoefficientsOf(Mode mode, SetRange sets, SetArrays* arrays) const;
  // Where scale is not 1 / sqrt(variance + eps): changes q.
  virtual void CorrectGradients(SetRange /*sets*/, SetArrays* /*arrays*/) const {}
  // Running statistics, in a Forward in kTrain: before its first set, and for these channels after
  // the coefficients of their sets. Where one set is one channel's, a thread that has found it
  // updates it: one thread for all would fetch half of them from the other core.
  virtual void BeginUpdate() {}
  virtual void UpdateChannels(SetRange /*channels*/) {}
  // Moments of the last Forward: for every part (sample, or across samples sub-batch) its groups.
  SetStatistics DoStatistics() const override;
  // Where x is measured, sub-batches must divide it, and sets have two values or more in kTrain.
  void CheckForward(Mode mode, const Shape& shape) const final;

  // Of the last Forward.
  const Engine& engine() const { return measured_ ? *engine_ : *running_engine_; }
  int64_t parts() const { return engine().sets() / partition_.groups; }
  // UpdateChannels with means and variances, the latter times `factor`.
  void MoveAverages(RunningStatistics* running, SetRange channels, double factor) const;

 private:
  void DoForward(Mode mode, ConstTensorView x, TensorView y) final;
  void DoBackward(Mode mode, ConstTensorView x, ConstTensorView dy, TensorView dx) final;
  void Coefficients(SetRange sets, SetArrays* arrays) final;
  void Gradients(SetRange sets, SetArrays* arrays) const final;
  Affine GammaBeta() const;
  // Of one tensor: the part that is read again while it may still be in cache.
  int64_t BlockBytes() const;
  int64_t ParameterBytes() const;

  Form form_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Engine> running_engine_;  // with running statistics a channel is a set
  Partition partition_;
  Mode mode_ = Mode::kTrain;
  bool measured_ = true;
  AffineStorage affine_;
};

}  // namespace normsweep
