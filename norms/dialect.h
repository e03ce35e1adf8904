// A dialect names the conventions of one framework for batch statistics. At two values a channel
// the biased and the unbiased variance differ by a factor of two, so they are not a detail.
#pragma once

#include <optional>
#include <string>

#include "norms/options.h"

namespace normsweep {

struct Dialect {
  const char* name;
  std::optional<double> momentum;
  const char* momentum_weights;
  const char* running_variance;
  double eps;
};

// Declares "dialect" and returns the one chosen (`otherwise` where none is), whose values are then
// the defaults of the options declared after it.
const Dialect& ReadDialect(OptionReader* reader, const char* otherwise);

}  // namespace normsweep
