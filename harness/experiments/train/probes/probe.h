// What looks at a training from the side: at some steps, before the step is taken. A probe leaves
// network and optimizer as they were, so that a training with probes gives the same numbers as one
// without.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "harness/data/dataset.h"
#include "harness/experiments/experiment.h"
#include "harness/experiments/train/measure_config.h"
#include "harness/nn/network.h"

namespace normsweep {

struct ProbedStep {
  Network* network;
  int64_t step;                     // from 0
  double learning_rate;             // of this step
  std::span<const float> images;    // of the batch, [n, H, W, C]
  std::span<const int32_t> labels;  // n
};

class Probe {
 public:
  virtual ~Probe() = default;
  virtual void Look(const ProbedStep& step) = 0;
  // Adds metrics and samples. Called once, after the last step.
  virtual void Put(CaseResult* result) const = 0;
  // Whether Put is called after one that diverged too: what was measured before it began.
  virtual bool OutlivesDivergence() const { return false; }
};

struct ProbeContext {
  const Dataset& dataset;
  const NetworkOptions& network;
  int64_t statistics_batch_size;  // samples that share statistics
  int64_t multiple;               // of which a batch must have a multiple of samples
};

std::vector<std::unique_ptr<Probe>> MakeProbes(const MeasureConfig& config,
                                               const ProbeContext& context);

// Whether a probe looks at `step`: `times` of them, evenly spread over the training, the first one
// before the first step.
bool IsProbed(int64_t step, int64_t steps, int64_t times);

}  // namespace normsweep
