// How far a backend may be from the float64 reference, and where a peer is known to be further.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace normsweep {

struct ToleranceInput {
  bool own = true;       // our backend; a peer's sums are float32
  bool exact = false;    // the exact fill: no sum rounds, in any order
  int64_t terms = 1;     // of the longest sum
  double condition = 0;  // largest |mean| / sqrt(variance + eps) of any set
};

// Relative to the scale of an output or a statistic (comparison.h), u = 2^-24 being float32's unit
// roundoff.
//
// Ours: 8 u. Its sums are float32 for at most 32 additions and float64 from there on, around a center
// close to the mean, which costs a variance about u and the mean u deviations, seldom more than 2;
// then there is the handful of float32 operations on each value (x - mean, times scale, plus shift;
// backward four more), the parameters' rounding, and the result's.
//
// A peer: (8 + 2 sqrt(terms)) u (1 + condition). A float32 sum of m terms is off by about sqrt(m) u
// (m u at worst; Higham, "Accuracy and Stability of Numerical Algorithms", section 4.2), and an error
// of u |mean| in the mean is one of u |mean| / deviation in every normalized value. On the exact fill
// nothing rounds in a sum, so peers are held to 8 u as well.
double OutputTolerance(const ToleranceInput& input);

// Why a peer cannot hold the tolerance on these inputs; from a written list, which a row that passes
// contradicts, so that the list cannot outlive its reasons. It excuses only shapes on which a value
// really overflowed.
std::optional<std::string> PeerLimit(const std::string& backend, const std::string& fill);

}  // namespace normsweep
