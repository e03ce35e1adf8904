#include "norms/spectral/spectral_norm.h"

#include <limits>

namespace normsweep {

SpectralNormOptions ReadSpectralNormOptions(OptionReader* reader) {
  SpectralNormOptions options;
  reader->Number("eps", &options.eps, 0, std::numeric_limits<double>::infinity(),
                 "least length by which a power iteration divides");
  reader->Integer("power_iterations", &options.power_iterations, 1,
                  "power iterations of one forward in training");
  reader->Finish();
  return options;
}

}  // namespace normsweep
