// How far a backend may be from the float64 reference, and where a peer is known to be further.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "norms/registry.h"

namespace normsweep {

struct ToleranceInput {
  bool own = true;       // our backend; a peer's sums are float32
  bool exact = false;    // the exact fill: no sum rounds, in any order
  bool folded = false;   // the backend computes y = a x + b (FoldsMean)
  int64_t terms = 1;     // of the longest sum
  double condition = 0;  // largest |mean| / sqrt(variance + eps) of any set
};

// Relative to the scale of an output or a statistic (comparison.h), u = 2^-24 being float32's unit
// roundoff.
//
// Ours: 8 u. Its sums are float32 for at most 32 additions and float64 from there on, around a
// center close to the mean, which costs a variance about u and the mean u deviations, seldom more
// than 2; then there is the handful of float32 operations on each value (x - mean, times scale,
// plus shift; backward four more), the parameters' rounding, and the result's. It is no bound: of
// 3,250 random calls of group norm (comparison_property_test with RC_PARAMS="max_success=100000")
// one had a gamma.grad off by 8.3 u ([37, 16, 1] in channels_last, one value 1e4 times the others).
//
// A peer: (8 + 2 sqrt(terms)) u (1 + condition). A float32 sum of m terms is off by about sqrt(m) u
// (m u at worst; Higham, "Accuracy and Stability of Numerical Algorithms", section 4.2), and an
// error of u |mean| in the mean is one of u |mean| / deviation in every normalized value. On the
// exact fill nothing rounds in a sum, so peers are held to 8 u as well, but for one that folds the
// mean: the rounding of a x + b is u |mean| / deviation whatever the sums are.
double OutputTolerance(const ToleranceInput& input);

// Whether `backend` computes (x - mean) k gamma + beta as a x + b with b = beta - mean k gamma:
// then y of a constant set is not beta but what is left of two terms of |mean| k gamma.
bool FoldsMean(const std::string& backend);

// Why a peer cannot hold the tolerance; from a written list, which a row that passes contradicts,
// so that the list cannot outlive its reasons.
struct PeerLimit {
  const char* reason;
  bool overflow;  // excuses only shapes on which a value really overflowed
};
std::optional<PeerLimit> FindPeerLimit(const NormalizerSpec& spec, Layout layout,
                                       const std::string& fill);

}  // namespace normsweep
