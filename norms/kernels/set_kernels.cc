#include "norms/kernels/set_kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/set_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

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

void Deviations(const double* variance, int64_t n, double eps, double* sigma) {
  const hn::ScalableTag<double> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto v = hn::Add(hn::LoadU(d, variance + i), hn::Set(d, eps));
    hn::StoreU(hn::Sqrt(v), d, sigma + i);
  }
  for (; i < n; ++i) sigma[i] = std::sqrt(variance[i] + eps);
}

void MeanGradients(int64_t first, int64_t last, int64_t m, bool divide, SetArrays* sets) {
  const double inverse = 1 / static_cast<double>(m);
  const double* g = sets->g.data();
  const double* gx = sets->gx.data();
  float* t = sets->t.data();
  float* q = sets->q.data();
  for (int64_t i = first; i < last; ++i) t[i] = static_cast<float>(g[i] * inverse);
  if (!divide) std::fill(q + first, q + last, 0.0F);  // also where gx overflowed
  for (int64_t i = first; divide && i < last; ++i) q[i] = static_cast<float>(gx[i] * inverse);
}

void MoveAverage(const double* value, int64_t n, double weight, double factor, float* average) {
  const double old = 1 - weight;
  for (int64_t i = 0; i < n; ++i) {
    const double moved = old * static_cast<double>(average[i]) + weight * (factor * value[i]);
    average[i] = static_cast<float>(moved);
  }
}

// LineOf (coefficients.h) in vectors.
HWY_INLINE void Lines(const Coefficients& sets, const float* gamma, const float* beta,
                      int64_t columns, float* mean_hi, float* a, float* b) {
  ForVectors(D(), static_cast<size_t>(columns), [=](D d, size_t j, const auto& access) HWY_ATTR {
    const V g = access.Load(d, gamma + j, 0);
    const V line_a = hn::Mul(access.Load(d, sets.scale + j, 0), g);
    const V shift =
        hn::Add(hn::Mul(access.Load(d, sets.shift + j, 0), g), access.Load(d, beta + j, 0));
    access.Store(d, access.Load(d, sets.mean_hi + j, 0), mean_hi + j);
    access.Store(d, line_a, a + j);
    access.Store(d, hn::Sub(shift, hn::Mul(access.Load(d, sets.mean_lo + j, 0), line_a)), b + j);
  });
}

void ColumnLines(const Coefficients& sets, const Affine& affine, int64_t columns, int64_t repeat,
                 float* mean_hi, float* a, float* b) {
  if (repeat == 1 && affine.gamma != nullptr && affine.beta != nullptr) {
    Lines(sets, affine.gamma, affine.beta, columns, mean_hi, a, b);
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

void WeighColumns(const Coefficients& sets, const float* gamma, int64_t n, const double* g,
                  double* HWY_RESTRICT gx, double* HWY_RESTRICT set_g,
                  double* HWY_RESTRICT set_gx) {
  const Coefficients c = sets;
  for (int64_t j = 0; j < n; ++j) {
    const double centered = gx[j] - Remainder(c, j) * g[j];
    gx[j] = centered;
    set_g[j] = static_cast<double>(gamma[j]) * g[j];
    set_gx[j] = static_cast<double>(gamma[j]) * centered;
  }
}

void ColumnGradients(const Coefficients& sets, int64_t n, float* HWY_RESTRICT t,
                     float* HWY_RESTRICT q) {
  const Coefficients c = sets;
  for (int64_t j = 0; j < n; ++j) {
    q[j] = c.q[j];
    t[j] = LoopT(c, j);
  }
}

void AddParameters(const double* g, const double* gx, const float* shift, int64_t n,
                   float* HWY_RESTRICT dgamma, float* HWY_RESTRICT dbeta) {
  if (dgamma != nullptr) {
    for (int64_t j = 0; j < n; ++j) {
      dgamma[j] += static_cast<float>(gx[j] + static_cast<double>(shift[j]) * g[j]);
    }
  }
  for (int64_t j = 0; j < n; ++j) dbeta[j] += static_cast<float>(g[j]);
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep::kernels {

HWY_EXPORT(Standardize);
HWY_EXPORT(Deviations);
HWY_EXPORT(MeanGradients);
HWY_EXPORT(MoveAverage);
HWY_EXPORT(ColumnLines);
HWY_EXPORT(WeighColumns);
HWY_EXPORT(ColumnGradients);
HWY_EXPORT(AddParameters);

void Standardize(int64_t first, int64_t last, double eps, bool divide, SetArrays* sets) {
  HWY_DYNAMIC_DISPATCH(Standardize)(first, last, eps, divide, sets);
}

void Deviations(const double* variance, int64_t n, double eps, double* sigma) {
  HWY_DYNAMIC_DISPATCH(Deviations)(variance, n, eps, sigma);
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

void WeighColumns(const Coefficients& sets, const float* gamma, int64_t n, const double* g,
                  double* gx, double* set_g, double* set_gx) {
  HWY_DYNAMIC_DISPATCH(WeighColumns)(sets, gamma, n, g, gx, set_g, set_gx);
}

void ColumnGradients(const Coefficients& sets, int64_t n, float* t, float* q) {
  HWY_DYNAMIC_DISPATCH(ColumnGradients)(sets, n, t, q);
}

void AddParameters(const double* g, const double* gx, const float* shift, int64_t n, float* dgamma,
                   float* dbeta) {
  HWY_DYNAMIC_DISPATCH(AddParameters)(g, gx, shift, n, dgamma, dbeta);
}

}  // namespace normsweep::kernels
#endif
