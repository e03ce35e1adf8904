#include "norms/batch_renorm/batch_renorm_norm.h"

#include <algorithm>
#include <limits>

#include "norms/dialect.h"
#include "norms/errors.h"

namespace normsweep {

BatchRenormOptions ReadBatchRenormOptions(OptionReader* reader) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Dialect& dialect = ReadDialect(reader);
  BatchRenormOptions options;
  options.eps = dialect.eps;
  // The paper's own 0.01 (section 4) stays the default unless a framework's dialect is asked for.
  if (reader->Has("dialect") && std::string(dialect.name) != "paper") {
    options.average.momentum = dialect.momentum;
    options.average.momentum_weights = dialect.momentum_weights;
  }
  reader->Number("eps", &options.eps, 0, kInfinity, "added to the variance inside the root");
  reader->Boolean("affine", &options.affine, "train gamma and beta, one of each a channel");
  ReadRunningAverage(reader, &options.average);
  reader->Number("r_max", &options.r_max, 1, kInfinity,
                 "limit of r: it lies in [1 / r_max, r_max]");
  reader->Number("d_max", &options.d_max, 0, kInfinity, "limit of d: it lies in [-d_max, d_max]");
  reader->Integer("warmup_steps", &options.warmup_steps, 0, "updates with r = 1 and d = 0 first");
  reader->Integer("ramp_steps", &options.ramp_steps, 0,
                  "updates over which the limits then grow from 1 and 0 to r_max and d_max");
  reader->Integer("normalization_batch_size", &options.normalization_batch_size, 1,
                  "samples that share statistics; null: all of the batch");
  reader->Finish();
  return options;
}

BatchRenormLimits LimitsAt(const BatchRenormOptions& options, int64_t step) {
  if (step < options.warmup_steps) return {1, 0};
  const auto ramped = static_cast<double>(step - options.warmup_steps);
  const double share = options.ramp_steps == 0
                           ? 1.0
                           : std::min(1.0, ramped / static_cast<double>(options.ramp_steps));
  return {1 + share * (options.r_max - 1), share * options.d_max};
}

}  // namespace normsweep
