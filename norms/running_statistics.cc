#include "norms/running_statistics.h"

#include <algorithm>

#include "norms/kernels/set_kernels.h"

namespace normsweep {

RunningStatistics::RunningStatistics(const RunningAverageOptions& options, int64_t channels,
                                     const std::string& spread_name)
    : options_(options),
      channels_(channels),
      mean_({1, channels, 1}, 0),
      merged_(static_cast<size_t>(channels)) {
  buffers_.push_back({"running_mean", mean_.view()});
  if (!spread_name.empty()) {
    spread_ = Storage({1, channels, 1}, 1);
    buffers_.push_back({spread_name, spread_.view()});
  }
  buffers_.push_back({"step", TensorView(&step_, {1, 1, 1})});
}

void RunningStatistics::MoveOne(SetRange channels, int64_t parts, std::span<const double> values,
                                double factor, Storage* average) {
  const int64_t n = channels.last - channels.first;
  const double* moved = values.data() + channels.first;
  if (parts > 1) {
    double* merged = merged_.data() + channels.first;
    std::fill_n(merged, n, 0.0);
    for (int64_t part = 0; part < parts; ++part) {
      const double* from = values.data() + part * channels_ + channels.first;
      for (int64_t c = 0; c < n; ++c) merged[c] += from[c];
    }
    moved = merged;
    factor /= static_cast<double>(parts);
  }
  kernels::MoveAverage(moved, n, weight_, factor, average->data() + channels.first);
}

void RunningStatistics::Begin(int64_t samples) {
  ++step_;
  weight_ = NewWeight(options_, samples, step());
}

void RunningStatistics::Move(SetRange channels, int64_t parts, std::span<const double> mean,
                             std::span<const double> spread, double factor) {
  MoveOne(channels, parts, mean, 1, &mean_);
  if (spread_.data() != nullptr) MoveOne(channels, parts, spread, factor, &spread_);
}

void RunningStatistics::Standardize(double eps, SetRange channels, SetArrays* arrays) const {
  for (int64_t c = channels.first; c < channels.last; ++c) {
    arrays->mean[static_cast<size_t>(c)] = mean(c);
    arrays->variance[static_cast<size_t>(c)] = spread(c);
  }
  kernels::Standardize(channels.first, channels.last, eps, true, arrays);
}

// The square of a float is exact in float64, and so is its root.
void RunningStatistics::DivideBySigma(SetRange channels, SetArrays* arrays) const {
  for (int64_t c = channels.first; c < channels.last; ++c) {
    arrays->mean[static_cast<size_t>(c)] = mean(c);
    arrays->variance[static_cast<size_t>(c)] = spread(c) * spread(c);
  }
  kernels::Standardize(channels.first, channels.last, 0, true, arrays);
}

void RunningStatistics::Center(SetRange channels, SetArrays* arrays) const {
  for (int64_t c = channels.first; c < channels.last; ++c) {
    arrays->mean[static_cast<size_t>(c)] = mean(c);
  }
  kernels::Standardize(channels.first, channels.last, 0, false, arrays);
}

}  // namespace normsweep
