// gamma and beta of an activation normalizer, and their gradients, in float32.
#pragma once

#include <vector>

#include "norms/engine.h"
#include "norms/normalizer.h"
#include "norms/storage.h"

namespace normsweep {

// gamma starts at 1, beta at 0; what `kind` or `has_gamma` leave out is empty. Of shape {1, C, 1},
// or {1, C, S} in the layout of x with kElement.
struct AffineStorage {
  AffineStorage(const Shape& x, AffineKind kind, bool has_gamma);

  std::vector<Parameter> Parameters();  // into this object

  Storage gamma, beta, dgamma, dbeta;
};

}  // namespace normsweep
