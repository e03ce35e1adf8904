#include "harness/experiments/train/probes/start_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/experiments/statistics/batch_error.h"

namespace normsweep {

// In a network of its own, with the same start, where all samples share their statistics.
void StartStatistics::Look(const ProbedStep&) {
  if (looked_) return;
  looked_ = true;
  NetworkOptions options = options_;
  options.normalizer.options.erase("normalization_batch_size");
  Network network(options);
  network.Observe([&](size_t, const ConstTensorView& x) {
    rho_.push_back(
        ImageMoments(ActivationView{x.As<float>(), x.shape.n, x.shape.s, x.shape.c}).Rho());
  });
  const int64_t n = std::min(kStatisticsSamples, part_.count());
  std::copy_n(part_.images.data(), n * network.input_shape().Elements(), network.Input(n));
  network.Forward(Mode::kBatchStatistics, n);
}

void StartStatistics::Put(CaseResult* result) const {
  nlohmann::ordered_json mean, over_n, error;
  if (!rho_.empty()) {
    const double rho =
        std::accumulate(rho_.begin(), rho_.end(), 0.0) / static_cast<double>(rho_.size());
    mean = rho;
    over_n = rho / static_cast<double>(batch_size_);
    error = std::sqrt(rho / static_cast<double>(batch_size_));
  }
  result->metrics["rho"] = mean;
  result->metrics["rho_over_n"] = over_n;
  result->metrics["statistics_error"] = error;
  result->metrics["rho_per_layer"] = rho_;
}

}  // namespace normsweep
