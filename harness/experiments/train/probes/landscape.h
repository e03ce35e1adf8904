// How smooth the loss is along the gradient: S. Santurkar, D. Tsipras, A. Ilyas, A. Madry, arXiv
// 1805.11604, section 3.1 and figure 4.
//
// At a step with parameters w, gradient g of the batch's loss L and learning rate eta, for each
// multiple k: w_k = w - k eta g. Measured over k: the least and greatest of L(w_k); of the change
// of the gradient |g(w) - g(w_k)|; and the "effective" beta, the greatest of
// |g(w) - g(w_k)| / (k eta |g|). All of the same batch.
//
// Metrics, medians over the steps looked at (without a normalizer a few steps can have values of
// any size): landscape_loss_range (greatest less least loss), landscape_gradient_change (the
// greatest), landscape_beta. Samples, one a step: landscape_steps, landscape_loss_low, _high,
// landscape_gradient_change_low, _high, landscape_beta.
#pragma once

#include "harness/experiments/train/probes/probe.h"

namespace normsweep {

class Landscape : public Probe {
 public:
  explicit Landscape(std::vector<double> multiples) : multiples_(std::move(multiples)) {}
  void Look(const ProbedStep& step) override;
  void Put(CaseResult* result) const override;

 private:
  std::vector<double> multiples_;
  std::vector<int64_t> steps_;
  std::vector<double> loss_low_, loss_high_, change_low_, change_high_, beta_;
};

}  // namespace normsweep
