#include "norms/kernels/set_kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/set_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// [0, n) in vectors; sqrt and division are exact to the last bit in either form, so the scalar rest
// gives what a vector would.
int64_t StandardizeVectors(const double* mean, const double* variance, int64_t n, double eps,
                           bool divide, float* hi, float* lo, float* scale) {
  const hn::ScalableTag<double> d;
  const hn::Rebind<float, decltype(d)> df;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto one = hn::Set(d, 1.0);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto m = hn::LoadU(d, mean + i);
    const auto rounded = hn::DemoteTo(df, m);
    hn::StoreU(rounded, df, hi + i);
    hn::StoreU(hn::DemoteTo(df, hn::Sub(m, hn::PromoteTo(d, rounded))), df, lo + i);
    const auto v = hn::Add(hn::LoadU(d, variance + i), hn::Set(d, eps));
    const auto k = divide ? hn::Div(one, hn::Sqrt(v)) : one;
    hn::StoreU(hn::DemoteTo(df, k), df, scale + i);
  }
  return i;
}

void Standardize(int64_t first, int64_t last, double eps, bool divide, SetArrays* sets) {
  const double* mean = sets->mean.data();
  const double* variance = sets->variance.data();
  const int64_t done =
      first + StandardizeVectors(mean + first, variance + first, last - first, eps, divide,
                                 sets->mean_hi.data() + first, sets->mean_lo.data() + first,
                                 sets->scale.data() + first);
  for (int64_t i = done; i < last; ++i) {
    sets->SetMean(i, mean[i]);
    const double k = divide ? 1 / std::sqrt(variance[i] + eps) : 1;
    sets->scale[static_cast<size_t>(i)] = static_cast<float>(k);
  }
  std::fill(sets->shift.begin() + first, sets->shift.begin() + last, 0.0F);
}

void MeanGradients(int64_t first, int64_t last, int64_t m, bool divide, SetArrays* sets) {
  const double inverse = 1 / static_cast<double>(m);
  const double* g = sets->g.data();
  const double* gx = sets->gx.data();
  float* t = sets->t.data();
  float* q = sets->q.data();
  const double second = divide ? inverse : 0;
  for (int64_t i = first; i < last; ++i) t[i] = static_cast<float>(g[i] * inverse);
  for (int64_t i = first; i < last; ++i) q[i] = static_cast<float>(gx[i] * second);
}

void MoveAverage(const double* value, int64_t n, double weight, double factor, float* average) {
  const double old = 1 - weight;
  for (int64_t i = 0; i < n; ++i) {
    const double moved = old * static_cast<double>(average[i]) + weight * (factor * value[i]);
    average[i] = static_cast<float>(moved);
  }
}

// With the question whether there is a gamma outside of the loop, it becomes vectors.
template <class GammaOf, class BetaOf>
HWY_INLINE void Lines(const Coefficients& sets, int64_t columns, const GammaOf& gamma_of,
                      const BetaOf& beta_of, float* HWY_RESTRICT mean_hi, float* HWY_RESTRICT a,
                      float* HWY_RESTRICT b) {
  const Coefficients c = sets;
  for (int64_t j = 0; j < columns; ++j) {
    const Line line = LineOf(c, j, gamma_of(j), beta_of(j));
    mean_hi[j] = c.mean_hi[j];
    a[j] = line.a;
    b[j] = line.b;
  }
}

void ColumnLines(const Coefficients& sets, const Affine& affine, int64_t columns, int64_t repeat,
                 float* mean_hi, float* a, float* b) {
  if (repeat == 1 && affine.gamma != nullptr && affine.beta != nullptr) {
    const float* gamma = affine.gamma;
    const float* beta = affine.beta;
    Lines(
        sets, columns, [=](int64_t j) { return gamma[j]; }, [=](int64_t j) { return beta[j]; },
        mean_hi, a, b);
    return;
  }
  for (int64_t set = 0, j = 0; j < columns; ++set) {
    for (int64_t k = 0; k < repeat; ++k, ++j) {
      const Line line = LineOf(sets, set, affine.Gamma(j), affine.Beta(j));
      mean_hi[j] = sets.mean_hi[set];
      a[j] = line.a;
      b[j] = line.b;
    }
  }
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep::kernels {

HWY_EXPORT(Standardize);
HWY_EXPORT(MeanGradients);
HWY_EXPORT(MoveAverage);
HWY_EXPORT(ColumnLines);

void Standardize(int64_t first, int64_t last, double eps, bool divide, SetArrays* sets) {
  HWY_DYNAMIC_DISPATCH(Standardize)(first, last, eps, divide, sets);
}

void MeanGradients(int64_t first, int64_t last, int64_t m, bool divide, SetArrays* sets) {
  HWY_DYNAMIC_DISPATCH(MeanGradients)(first, last, m, divide, sets);
}

void MoveAverage(const double* value, int64_t n, double weight, double factor, float* average) {
  HWY_DYNAMIC_DISPATCH(MoveAverage)(value, n, weight, factor, average);
}

void ColumnLines(const Coefficients& sets, const Affine& affine, int64_t columns, int64_t repeat,
                 float* mean_hi, float* a, float* b) {
  HWY_DYNAMIC_DISPATCH(ColumnLines)(sets, affine, columns, repeat, mean_hi, a, b);
}

}  // namespace normsweep::kernels
#endif
