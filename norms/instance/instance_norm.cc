#include "norms/instance/instance_norm.h"

#include <limits>

namespace normsweep {

InstanceNormOptions ReadInstanceNormOptions(OptionReader* reader) {
  InstanceNormOptions options;
  reader->Number("eps", &options.eps, 0, std::numeric_limits<double>::infinity(),
                 "added to the variance inside the root");
  reader->Boolean("affine", &options.affine, "train gamma and beta, one of each a channel");
  reader->Boolean("track_running_stats", &options.track_running_stats,
                  "keep running statistics and use them in eval mode");
  ReadRunningAverage(reader, &options.average);
  reader->Finish();
  return options;
}

}  // namespace normsweep
