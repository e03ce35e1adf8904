// Sums in float64, for the few sets that the float32 kernels cannot hold: squares beyond float32's
// range (deviations above 1e18 or below 1e-15), a center far from the mean, infinities and NaN.
// Plain loops: such sets are rare, and a set of NaN need not be fast.
#pragma once

#include <cstdint>

#include "norms/kernels/coefficients.h"
#include "norms/kernels/moments.h"

namespace normsweep::kernels {

// Rows of n values, each `stride` values after the one before.
struct Rows {
  int64_t rows = 1;
  int64_t stride = 0;
  int64_t n = 0;

  int64_t Count() const { return rows * n; }
};

Moments ExactMoments(const float* x, const Rows& rows);

// Whether sums of x - center and of its square over `count` values, made in float32, are to be
// trusted: finite, the center no farther from the mean than two deviations (so that
// m2 = square - sum^2 / count loses less than a factor of 5 of the precision), and squares above
// float32's least normal number.
inline bool Trusted(double center, double sum, double square, int64_t count) {
  const auto n = static_cast<double>(count);
  const double off = sum * sum / n;
  const double m2 = square - off;
  // All values are `center`: others would differ by its last bit or more, so no square was lost.
  // Zeros too, for dead channels are many, and what else has a center of 0 lies below 4e-23.
  if (sum == 0 && square == 0) return center == 0 || center > 1e-11 || center < -1e-11;
  return square < 1e38 * n && m2 > 1e-30 * n && off <= 4 * m2;
}

}  // namespace normsweep::kernels
