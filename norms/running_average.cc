#include "norms/running_average.h"

#include <array>
#include <cmath>
#include <limits>

#include "norms/errors.h"

namespace normsweep {

void ReadRunningAverage(OptionReader* reader, RunningAverageOptions* options) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::array kWeights = {"new", "old"};
  reader->Number("momentum", &options->momentum, 0, 1,
                 "weight of one batch in the running statistics; null: cumulative average");
  reader->Choice("momentum_weights", &options->momentum_weights, kWeights,
                 "what momentum multiplies: the new value or the old average");
  reader->Number("horizon", &options->horizon, std::numeric_limits<double>::min(), kInfinity,
                 "samples the running statistics reach back, in place of momentum: the new value "
                 "weighs 1 - exp(-samples in the batch / horizon)");
  if (!options->horizon) return;
  if (reader->Has("momentum") && options->momentum) {
    throw OptionError("/horizon", "given together with momentum, expected one of the two");
  }
  options->momentum.reset();
  reader->Override("momentum", nullptr);
}

double NewWeight(const RunningAverageOptions& options, int64_t samples, int64_t step) {
  if (options.horizon) return -std::expm1(-static_cast<double>(samples) / *options.horizon);
  if (!options.momentum) return 1.0 / static_cast<double>(step);
  return options.momentum_weights == "new" ? *options.momentum : 1.0 - *options.momentum;
}

}  // namespace normsweep
