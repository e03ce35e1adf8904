// How a running statistic moves. Frameworks disagree, so the conventions are options, and a dialect
// names a set of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "norms/options.h"

namespace normsweep {

struct RunningAverageOptions {
  std::optional<double> momentum = 0.1;  // null: cumulative average of all batches so far
  std::string momentum_weights = "new";  // what momentum multiplies: "new" value or "old" average
  std::optional<double> horizon;         // samples; in place of momentum
};

// Declares momentum, momentum_weights and horizon, whose defaults are those of *options. Throws
// OptionError when horizon and momentum are both given; with horizon, momentum is null.
void ReadRunningAverage(OptionReader* reader, RunningAverageOptions* options);

// The weight w of the new value in average = (1 - w) * average + w * value, at update number `step`
// (1 for the first) with a batch of `samples`: momentum (or 1 - momentum, where it weighs the old),
// 1 - exp(-samples / horizon), or 1 / step for the cumulative average.
double NewWeight(const RunningAverageOptions& options, int64_t samples, int64_t step);

}  // namespace normsweep
