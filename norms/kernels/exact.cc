#include "norms/kernels/exact.h"

namespace normsweep::kernels {

Moments ExactMoments(const float* x, const Rows& rows) {
  const double center = static_cast<double>(x[0]);
  double sum = 0, square = 0;
  for (int64_t row = 0; row < rows.rows; ++row) {
    const float* values = x + row * rows.stride;
    double s = 0, q = 0;  // of a row, so that no sum is longer than it has to be
    for (int64_t i = 0; i < rows.n; ++i) {
      const double d = static_cast<double>(values[i]) - center;
      s += d;
      q += d * d;
    }
    sum += s;
    square += q;
  }
  return Moments::FromSums(center, sum, square, rows.Count());
}

}  // namespace normsweep::kernels
