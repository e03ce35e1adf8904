// Internal covariate shift as the change of a layer's gradient when the layers below it are
// updated: arXiv 1805.11604, definition 2.1 and figure 3.
//
// At a step: G_i, the gradient of the batch's loss with respect to the weights of linear layer i;
// G'_i, the same after all layers below i, with their normalizers, have taken the step
// w - eta g of plain gradient descent with the step's learning rate eta.
//
// Metrics, means over the layers from the second on, then over the steps looked at:
// covariate_shift_distance |G_i - G'_i|, covariate_shift_relative |G_i - G'_i| / |G_i| and
// covariate_shift_cosine of the angle between the two. Samples, one a step:
// covariate_shift_steps, covariate_shift_distance, covariate_shift_cosine.
#pragma once

#include "harness/experiments/train/probes/probe.h"

namespace normsweep {

class CovariateShift : public Probe {
 public:
  void Look(const ProbedStep& step) override;
  void Put(CaseResult* result) const override;

 private:
  std::vector<int64_t> steps_;
  std::vector<double> distance_, relative_, cosine_;
};

}  // namespace normsweep
