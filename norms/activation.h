// The activation that a normalizer may end with, in the same pass over its tensor (as oneDNN's
// fuse_norm_relu). With z what the normalizer gives without it,
//
//   relu: y = 0 where z <= 0, else z                          so NaN stays NaN
//         dL/dz = 0 where z <= 0, else dL/dy                  so the gradient of a NaN passes
//
// as PyTorch's relu. Backward finds the side of 0 that z lies on with the expression that Forward
// used, so that the two never disagree, to the bit.
#pragma once

#include "norms/options.h"

namespace normsweep {

enum class Activation { kNone, kRelu };

// Declares the option `activation`: "none" (the default) or "relu". Of activation normalizers only:
// a weight has no activation behind it.
Activation ReadActivation(OptionReader* reader);

template <class T>
T Relu(T z) {
  return z <= 0 ? T{0} : z;
}

// dL/dz; `z` may also be y, which lies on the same side of 0.
template <class T>
T ReluGradient(T z, T dy) {
  return z <= 0 ? T{0} : dy;
}

}  // namespace normsweep
