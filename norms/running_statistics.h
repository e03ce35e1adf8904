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
  int64_t step() const { return static_cast<int64_t>(step_); }

  // One update: Advance with the samples of the batch, then Take for each channel.
  void Advance(int64_t samples);
  void Take(int64_t channel, double mean, double spread);

  // x^ = (x - mean) / sqrt(variance + eps), where the spread is a variance; and x^ = x - mean.
  SetCoefficients Standardize(int64_t channel, double eps) const;
  SetCoefficients Center(int64_t channel) const;

  RunningStatistics(const RunningStatistics&) = delete;
  RunningStatistics& operator=(const RunningStatistics&) = delete;

 private:
  RunningAverageOptions options_;
  double weight_ = 0;  // of the new value in the update at hand
  Storage mean_, spread_;
  double step_ = 0;
  std::vector<Buffer> buffers_;
};

// m / (m - 1), which makes a biased variance unbiased; 1 for m = 1, which training refuses.
double Unbiased(int64_t count);

// Sub-batches of `samples` with normalization_batch_size b: samples / b, or 1 without b.
int64_t SubBatches(int64_t samples, const std::optional<int64_t>& normalization_batch_size);
// Throws ShapeError when b does not divide the samples.
void CheckSubBatches(const std::string& label, int64_t samples,
                     const std::optional<int64_t>& normalization_batch_size);
// "batch", or "batch(4)" with b = 4.
std::string SubBatchLabel(const std::string& name,
                          const std::optional<int64_t>& normalization_batch_size);

}  // namespace normsweep
