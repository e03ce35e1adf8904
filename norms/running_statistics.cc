#include "norms/running_statistics.h"

#include <cmath>

namespace normsweep {

RunningStatistics::RunningStatistics(const RunningAverageOptions& options, int64_t channels,
                                     const std::string& spread_name)
    : options_(options), channels_(channels), mean_({1, channels, 1}, 0) {
  buffers_.push_back({"running_mean", mean_.view()});
  if (!spread_name.empty()) {
    spread_ = Storage({1, channels, 1}, 1);
    buffers_.push_back({spread_name, spread_.view()});
  }
  buffers_.push_back({"step", TensorView(&step_, {1, 1, 1})});
}

void RunningStatistics::Move(int64_t channel, double weight, double mean, double spread) {
  const auto move = [weight](float* average, double value) {
    const auto old = static_cast<double>(*average);
    *average = static_cast<float>((1 - weight) * old + weight * value);
  };
  move(&mean_[channel], mean);
  if (spread_.data() != nullptr) move(&spread_[channel], spread);
}

SetCoefficients RunningStatistics::Standardize(int64_t channel, double eps) const {
  return SetCoefficients::From(mean(channel), 1 / std::sqrt(spread(channel) + eps), 0);
}

SetCoefficients RunningStatistics::Center(int64_t channel) const {
  return SetCoefficients::From(mean(channel), 1, 0);
}

}  // namespace normsweep
