#include "harness/experiments/train/probes/input_percentiles.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/claims/tests.h"

namespace normsweep {
namespace {

constexpr std::array<double, 3> kPercentiles = {0.15, 0.5, 0.85};

std::vector<std::array<double, 3>> OfUnits(const ConstTensorView& x) {
  const float* values = x.As<float>();
  const int64_t channels = x.shape.c, count = x.shape.n * x.shape.s;
  std::vector<std::array<double, 3>> units;
  std::vector<double> of_unit(static_cast<size_t>(count));
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t i = 0; i < count; ++i) {
      of_unit[static_cast<size_t>(i)] = static_cast<double>(values[i * channels + c]);
    }
    auto& three = units.emplace_back();
    for (size_t q = 0; q < three.size(); ++q) three[q] = Quantile(of_unit, kPercentiles[q]);
  }
  return units;
}

double Deviation(const std::vector<double>& v) {
  const auto n = static_cast<double>(v.size());
  const double mean = std::accumulate(v.begin(), v.end(), 0.0) / n;
  double squares = 0;
  for (const double x : v) squares += (x - mean) * (x - mean);
  return std::sqrt(squares / n);
}

}  // namespace

void InputPercentiles::Look(const ProbedStep& step) {
  const int64_t most = std::max(multiple_, std::min(kPercentileSamples, part_.count()));
  const int64_t n = most - most % multiple_;
  const int64_t elements = step.network->input_shape().Elements();
  std::vector<std::array<double, 3>> last;
  step.network->ObserveActivations(
      [&](size_t, const ConstTensorView& x) { last = OfUnits(x); });  // the last call stays
  std::copy_n(part_.images.data(), n * elements, step.network->Input(n));
  step.network->Forward(Mode::kBatchStatistics, n);
  step.network->ObserveActivations({});
  steps_.push_back(step.step);
  percentiles_.push_back(std::move(last));
}

void InputPercentiles::Put(CaseResult* result) const {
  double median_drift = 0, spread_drift = 0;
  const size_t units = percentiles_.front().size();
  for (size_t unit = 0; unit < units; ++unit) {
    std::vector<double> medians, spreads, logs;
    for (const auto& at_step : percentiles_) {
      const auto& [low, median, high] = at_step[unit];
      medians.push_back(median);
      spreads.push_back((high - low) / 2);
      logs.push_back(std::log(spreads.back()));
    }
    const double spread =
        std::accumulate(spreads.begin(), spreads.end(), 0.0) / static_cast<double>(spreads.size());
    median_drift += Deviation(medians) / spread / static_cast<double>(units);
    spread_drift += Deviation(logs) / static_cast<double>(units);
  }
  result->metrics["input_median_drift"] = median_drift;
  result->metrics["input_spread_drift"] = spread_drift;
  result->samples["percentile_steps"] = steps_;
  for (size_t q = 0; q < kPercentiles.size(); ++q) {
    std::vector<double> series;
    for (const auto& at_step : percentiles_) series.push_back(at_step.front()[q]);
    result->samples["percentile_" + std::to_string(std::lround(100 * kPercentiles[q]))] = series;
  }
}

}  // namespace normsweep
