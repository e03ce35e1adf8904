#include "harness/experiments/train/probes/start_statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/experiments/statistics/batch_error.h"

namespace normsweep {
namespace {

constexpr int64_t kSamples = 1000;

}  // namespace

void StartStatistics::Look(const ProbedStep& step) {
  if (looked_) return;
  looked_ = true;
  const int64_t n = std::min(kSamples, part_.count());
  const int64_t elements = step.network->input_shape().Elements();
  step.network->Observe([&](size_t, const ConstTensorView& x) {
    rho_.push_back(ImageMoments({x.As<float>(), x.shape.n, x.shape.s, x.shape.c}).Rho());
  });
  std::copy_n(part_.images.data(), n * elements, step.network->Input(n));
  step.network->Forward(Mode::kBatchStatistics, n);
  step.network->Observe({});
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
