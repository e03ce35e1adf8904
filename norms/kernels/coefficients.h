// What the values of a set are multiplied with and shifted by, as one array a quantity: kernels
// take vectors of neighbouring sets from them.
//
//   e = (x - mean_hi) - mean_lo      x^ = e scale + shift      y = x^ gamma + beta
//
// The mean in two floats, not a x + b: at mean 1e4 and deviation 1 that costs 8e-4 in y, a mean in
// one float 4e-4, and the mean in two 3e-7. Where x^ is multiplied anyway, mean_lo goes into the
// shift: y = (x - mean_hi) a + b, a = scale gamma, b = (shift - mean_lo scale) gamma + beta. That
// is as good, because mean_lo scale is at most 2^-24 mean / deviation.
//
//   dx = scale ((g - t) - q x^),  g = dy gamma
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "norms/kernels/moments.h"

namespace normsweep {

// Of a run of sets, channels or elements; null where there is none.
struct Coefficients {
  const float* mean_hi = nullptr;
  const float* mean_lo = nullptr;
  const float* scale = nullptr;
  const float* shift = nullptr;
  const float* t = nullptr;  // backward only
  const float* q = nullptr;

  Coefficients From(int64_t first) const {
    const auto at = [first](const float* p) { return p == nullptr ? p : p + first; };
    return {mean_hi + first, mean_lo + first, scale + first, shift + first, at(t), at(q)};
  }
};

// gamma and beta of a run of channels or elements; null counts as 1 and 0. relu: the output is
// relu(y), and dy counts as 0 wherever y <= 0.
struct Affine {
  const float* gamma = nullptr;
  const float* beta = nullptr;
  bool relu = false;

  Affine From(int64_t first) const {
    return {gamma == nullptr ? nullptr : gamma + first, beta == nullptr ? nullptr : beta + first,
            relu};
  }
  float Gamma(int64_t i) const { return gamma == nullptr ? 1.0F : gamma[i]; }
  float Beta(int64_t i) const { return beta == nullptr ? 0.0F : beta[i]; }
};

// y = (x - mean_hi) a + b. The backward pass finds the mask of relu with the same two numbers.
struct Line {
  float a;
  float b;
};
inline Line LineOf(const Coefficients& c, int64_t set, float gamma, float beta) {
  const float a = c.scale[set] * gamma;
  return {a, (c.shift[set] * gamma + beta) - c.mean_lo[set] * a};
}

// The loops' v = (x - mean_hi) scale lacks mean_lo: x^ = v - Remainder. So sum(dy x^) is
// sum(dy v) - Remainder sum(dy), and (g - t) - q x^ is (g - LoopT) - q v.
inline double Remainder(const Coefficients& c, int64_t set) {
  return static_cast<double>(c.mean_lo[set]) * static_cast<double>(c.scale[set]);
}
inline float LoopT(const Coefficients& c, int64_t set) {
  return c.t[set] - c.q[set] * (c.mean_lo[set] * c.scale[set]);
}

// Of a set: sum(g) and sum(g x^ ), x^ without the shift.
struct GradientSums {
  double g = 0;
  double gx = 0;
};

// The arrays themselves, one entry a set.
struct SetArrays {
  std::vector<double> mean, variance;  // biased
  std::vector<float> mean_hi, mean_lo, scale, shift;
  std::vector<double> g, gx;
  std::vector<float> t, q;

  void Resize(int64_t sets) {
    const auto n = static_cast<size_t>(sets);
    for (auto* v : {&mean, &variance, &g, &gx}) v->resize(n);
    for (auto* v : {&mean_hi, &mean_lo, &scale, &shift, &t, &q}) v->resize(n);
  }
  Coefficients View() const {
    return {mean_hi.data(), mean_lo.data(), scale.data(), shift.data(), t.data(), q.data()};
  }
  void PutMoments(int64_t set, const Moments& moments) {
    mean[static_cast<size_t>(set)] = moments.mean;
    variance[static_cast<size_t>(set)] = moments.m2 / static_cast<double>(moments.count);
  }
  void SetMean(int64_t set, double value) {
    const auto at = static_cast<size_t>(set);
    mean_hi[at] = static_cast<float>(value);
    mean_lo[at] = static_cast<float>(value - static_cast<double>(mean_hi[at]));
  }
};

}  // namespace normsweep
