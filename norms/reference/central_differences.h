// Checks a Backward by nothing but its Forward. With L = sum(dy * Forward(x)), each element z of x
// and of every parameter is moved by h and 2 h to both sides, and
//
//   dL/dz = (8 (L(z + h) - L(z - h)) - (L(z + 2 h) - L(z - 2 h))) / (12 h)  + O(h^4)
//
// (Abramowitz and Stegun 25.3.6), h being 2^-13 of the tensor's deviation. In float64 this is good
// to about 1e-11 of the gradient where the values of one set differ by about the deviation.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "norms/normalizer.h"

namespace normsweep {

struct GradientError {
  std::string of;      // "x" or the parameter's name; "y" is described below
  double error = 0;    // worst |Backward - differences| of any element, relative to `scale`
  double scale = 0;    // largest sum over the outputs of |dy dy_i/dz|, of any element
  double largest = 0;  // largest |Backward|: where 0, agreement means nothing
};

// Runs Forward(mode) and Backward on float64 x and dy of `shape`, and differentiates. Parameters,
// their gradients and buffers are as before when it returns; throws what Forward throws, and
// ShapeError for a normalizer that is not float64.
//
// Every evaluation starts from the same buffers, so that kTrain is a function of x alone. What
// Backward holds constant must be constant here too:
// - batch_renorm in kTrain: r and d are those of the unperturbed Forward. They depend on x and on
// the
//   running statistics, so the perturbed Forwards run in kBatchStatistics (r = 1, d = 0) and
//   y = (y' - beta) r + gamma d + beta follows from their y'. The entry "y" compares that
//   expression with the real Forward at the unperturbed x, so that it cannot hide a wrong Forward.
//   With a fused relu y' is needed as it is before it: `plain` is then the same normalizer without
//   the activation. Without a fused relu it must be null.
// - spectral in kTrain: u and v. The power iteration moves them with x, but at the singular vectors
//   sigma = u^T W v is stationary in u and v, so the first order agrees: let it converge before
//   the call (forward in kTrain until running_sigma stays). The other modes need nothing.
// A kink of relu within 2 h of an element has no derivative that differences could give: where z
// lies near 0, set dy to 0.
std::vector<GradientError> CompareWithCentralDifferences(Normalizer* normalizer, Mode mode,
                                                         const Shape& shape,
                                                         std::span<const double> x,
                                                         std::span<const double> dy,
                                                         Normalizer* plain = nullptr);

}  // namespace normsweep
