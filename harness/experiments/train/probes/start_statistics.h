// How wrong the statistics of a batch are in the network at its start: the intra-class correlation
// rho of each normalizer's input (statistics/batch_error.h), over the first kStatisticsSamples
// training samples, whose statistics each layer below is normalized with; before a data-dependent
// start.
//
// Metrics: rho_per_layer; rho, their mean; rho_over_n, rho / n; and statistics_error, sqrt(rho /
// n), n samples sharing their statistics. null in a network without normalizers of activations.
#pragma once

#include "harness/experiments/train/probes/probe.h"

namespace normsweep {

constexpr int64_t kStatisticsSamples = 1000;

class StartStatistics : public Probe {
 public:
  explicit StartStatistics(const ProbeContext& context)
      : part_(context.dataset.train),
        options_(context.network),
        batch_size_(context.statistics_batch_size) {}
  void Look(const ProbedStep& step) override;
  void Put(CaseResult* result) const override;
  bool OutlivesDivergence() const override { return true; }

 private:
  const DataPart& part_;
  const NetworkOptions& options_;
  int64_t batch_size_;
  bool looked_ = false;
  std::vector<double> rho_;
};

}  // namespace normsweep
