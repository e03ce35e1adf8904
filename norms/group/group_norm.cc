#include "norms/group/group_norm.h"

#include <limits>

#include "norms/errors.h"

namespace normsweep {

GroupNormOptions ReadGroupNormOptions(OptionReader* reader) {
  GroupNormOptions options;
  reader->Number("eps", &options.eps, 0, std::numeric_limits<double>::infinity(),
                 "added to the variance inside the root");
  reader->Integer("groups", &options.groups, 1, "groups of channels; must divide the channels");
  reader->Boolean("affine", &options.affine, "train gamma and beta, one of each a channel");
  reader->Finish();
  return options;
}

void CheckGroups(int64_t groups, int64_t channels) {
  if (channels % groups == 0) return;
  throw OptionError("/groups", std::to_string(groups) + " groups of " + std::to_string(channels) +
                                   " channels, expected a divisor of the channels");
}

}  // namespace normsweep
