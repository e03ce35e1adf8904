// Mean and sum of squared deviations of a tile, and how those of two tiles merge.
#pragma once

#include <cstdint>

namespace normsweep {

struct Moments {
  double mean = 0;
  double m2 = 0;  // sum((x - mean)^2)
  int64_t count = 0;

  // From sums of x - center and (x - center)^2 in float64, where center is one of the values. Then
  // (center - mean)^2 <= m2, so the subtraction loses at most a factor of about `count` of
  // float64's 1e-16: with tiles of 16 Ki values an error of 2e-12 whatever the mean is. Around zero
  // it would be mean^2 / variance, and in float32 useless at mean 1e4 and deviation 1.
  static Moments FromSums(double center, double sum, double square, int64_t count) {
    const double mean = sum / static_cast<double>(count);
    const double m2 = square - sum * mean;
    return {center + mean, m2 > 0 || m2 != m2 ? m2 : 0, count};
  }

  // T. F. Chan, G. H. Golub and R. J. LeVeque, "Updating formulae and a pairwise algorithm for
  // computing sample variances", Stanford CS-79-773, 1979, equation 2.1.
  void Merge(const Moments& other) {
    if (count == 0) {
      *this = other;
      return;
    }
    const auto total = static_cast<double>(count + other.count);
    const double delta = other.mean - mean;
    const double share = static_cast<double>(other.count) / total;
    mean += delta * share;
    m2 += other.m2 + delta * delta * share * static_cast<double>(count);
    count += other.count;
  }
};

}  // namespace normsweep
