#include "norms/batch/batch_norm.h"

#include <array>
#include <limits>

#include "norms/dialect.h"

namespace normsweep {

BatchNormOptions ReadBatchNormOptions(OptionReader* reader) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::array kVariances = {"unbiased", "biased"};
  const Dialect& dialect = ReadDialect(reader);
  BatchNormOptions options;
  options.eps = dialect.eps;
  options.average.momentum = dialect.momentum;
  options.average.momentum_weights = dialect.momentum_weights;
  std::string running_variance = dialect.running_variance;
  reader->Number("eps", &options.eps, 0, kInfinity, "added to the variance inside the root");
  reader->Boolean("affine", &options.affine, "train gamma and beta, one of each a channel");
  reader->Boolean("track_running_stats", &options.track_running_stats,
                  "keep running statistics and use them in eval mode");
  ReadRunningAverage(reader, &options.average);
  reader->Choice("running_variance", &running_variance, kVariances,
                 "variance that the running average takes in");
  reader->Integer("normalization_batch_size", &options.normalization_batch_size, 1,
                  "samples that share statistics; null: all of the batch");
  reader->Boolean("center_only", &options.center_only,
                  "subtract the mean only (mean-only batch norm, 1602.07868 section 4)");
  reader->Finish();
  options.unbiased_running_variance = running_variance == "unbiased";
  return options;
}

}  // namespace normsweep
