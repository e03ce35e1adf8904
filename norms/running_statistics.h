// The running statistics of a native or onednn normalizer: a mean and a spread (variance, or sigma
// for batch renorm) a channel, and the number of updates so far.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "norms/engine.h"
#include "norms/normalizer.h"
#include "norms/running_average.h"
#include "norms/storage.h"

namespace normsweep {

class RunningStatistics {
 public:
  // Means start at 0 and spreads at 1. An empty `spread_name`: means only.
  RunningStatistics(const RunningAverageOptions& options, int64_t channels,
                    const std::string& spread_name);

  // running_mean, the spread under its name, step; they point into this object.
  std::span<const Buffer> Buffers() const { return buffers_; }

  double mean(int64_t channel) const { return static_cast<double>(mean_[channel]); }
  double spread(int64_t channel) const { return static_cast<double>(spread_[channel]); }
  const float* means() const { return mean_.data(); }
  const float* spreads() const { return spread_.data(); }
  int64_t step() const { return static_cast<int64_t>(step_); }

  // An update with a batch of `samples` begins; Move then finishes it, once for every channel.
  void Begin(int64_t samples);
  // The mean over `parts` sub-batches (or samples, for instance norm) of mean[part * C + channel],
  // and of spread[...] times `factor`, for these channels. Threads may share the channels.
  void Move(SetRange channels, int64_t parts, std::span<const double> mean,
            std::span<const double> spread, double factor);

  // mean_hi ... shift of these channels: x^ = (x - mean) / sqrt(variance + eps), where the spread is
  // a variance, x^ = (x - mean) / sigma, where it is sigma, and x^ = x - mean.
  void Standardize(double eps, SetRange channels, SetArrays* arrays) const;
  void DivideBySigma(SetRange channels, SetArrays* arrays) const;
  void Center(SetRange channels, SetArrays* arrays) const;

  RunningStatistics(const RunningStatistics&) = delete;
  RunningStatistics& operator=(const RunningStatistics&) = delete;

 private:
  void MoveOne(SetRange channels, int64_t parts, std::span<const double> values, double factor,
               Storage* average);

  RunningAverageOptions options_;
  int64_t channels_;
  Storage mean_, spread_;
  double step_ = 0;
  double weight_ = 0;           // of the new value in the update that began last
  std::vector<double> merged_;  // work space: a value's sum over the parts
  std::vector<Buffer> buffers_;
};

}  // namespace normsweep
