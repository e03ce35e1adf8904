#include "norms/layer/layer_norm.h"

#include <array>
#include <limits>

namespace normsweep {

LayerNormOptions ReadLayerNormOptions(OptionReader* reader) {
  constexpr std::array kAffine = {"element", "channel", "none"};
  LayerNormOptions options;
  reader->Number("eps", &options.eps, 0, std::numeric_limits<double>::infinity(),
                 "added to the variance inside the root");
  reader->Choice("affine", &options.affine, kAffine,
                 "train one gamma and beta an element of a sample, one a channel, or none");
  reader->Finish();
  return options;
}

}  // namespace normsweep
