#include "norms/weight/weight_norm.h"

#include <limits>

namespace normsweep {

WeightNormOptions ReadWeightNormOptions(OptionReader* reader) {
  WeightNormOptions options;
  reader->Number("eps", &options.eps, 0, std::numeric_limits<double>::infinity(),
                 "added to the squared length of a row");
  reader->Finish();
  return options;
}

}  // namespace normsweep
