// How the input of a hidden unit's sigmoid (or tanh) is distributed over the training: S. Ioffe, C.
// Szegedy, arXiv 1502.03167, section 4.1 and figure 1 (b, c).
//
// At each step looked at, the 15th, 50th and 85th percentile of what goes into the activation of
// each unit (channel) of the last hidden layer, over the first kPercentileSamples validation samples
// (and the positions), with the statistics of this batch, or of its sub-batches.
//
// Metrics, means over the units: input_median_drift, the deviation over the steps of the median,
// divided by the mean over the steps of half the distance between the outer two;
// input_spread_drift, the deviation over the steps of that distance's natural logarithm. Samples:
// percentile_steps, percentile_15, percentile_50, percentile_85 of the first unit.
#pragma once

#include <array>

#include "harness/experiments/train/probes/probe.h"

namespace normsweep {

constexpr int64_t kPercentileSamples = 512;

class InputPercentiles : public Probe {
 public:
  // `multiple`: of which a batch must have a multiple of samples; `part` has at least as many.
  InputPercentiles(const DataPart& part, int64_t multiple) : part_(part), multiple_(multiple) {}
  void Look(const ProbedStep& step) override;
  void Put(CaseResult* result) const override;

 private:
  const DataPart& part_;
  int64_t multiple_;
  std::vector<int64_t> steps_;
  std::vector<std::vector<std::array<double, 3>>> percentiles_;  // of each step and unit
};

}  // namespace normsweep
