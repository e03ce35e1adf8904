#include "norms/kernels/weight_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/weight_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

HWY_INLINE V64 Promoted(D64 d, const float* p) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D64>(), p));
}
HWY_INLINE V64 Promoted(D64 d, const double* p) { return hn::LoadU(d, p); }

template <class B>
HWY_INLINE double DotOf(const float* a, const B* b, int64_t count) {
  const D64 d;
  const size_t lanes = hn::Lanes(d), n = static_cast<size_t>(count);
  V64 s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  size_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    s0 = hn::MulAdd(Promoted(d, a + i), Promoted(d, b + i), s0);
    s1 = hn::MulAdd(Promoted(d, a + i + lanes), Promoted(d, b + i + lanes), s1);
    s2 = hn::MulAdd(Promoted(d, a + i + 2 * lanes), Promoted(d, b + i + 2 * lanes), s2);
    s3 = hn::MulAdd(Promoted(d, a + i + 3 * lanes), Promoted(d, b + i + 3 * lanes), s3);
  }
  double sum = Total(d, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)));
  for (; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  return sum;
}

void RowDots(const float* a, const float* b, int64_t rows, int64_t n, double* dot) {
  for (int64_t i = 0; i < rows; ++i) dot[i] = DotOf(a + i * n, b + i * n, n);
}
double DotMixed(const float* a, const double* b, int64_t n) { return DotOf(a, b, n); }

void AddScaled(const float* x, double factor, int64_t n, double* sum) {
  for (int64_t i = 0; i < n; ++i) sum[i] += factor * static_cast<double>(x[i]);
}

void ScaleRows(const float* x, const float* factor, int64_t rows, int64_t n, bool stream,
               float* y) {
  for (int64_t row = 0; row < rows; ++row, x += n, y += n) {
    const float f = factor[row];
    ForOutput(D(), static_cast<size_t>(n), y, stream,
              [=](D d, size_t i, const auto& access) HWY_ATTR {
                access.Write(d, hn::Mul(hn::Set(d, f), access.Load(d, x + i, 0)), y + i);
              });
  }
}

void Project(const float* x, const float* dy, float* dx, int64_t n, bool stream, float p, float q,
             float k) {
  ForOutput(D(), static_cast<size_t>(n), dx, stream,
            [=](D d, size_t i, const auto& access) HWY_ATTR {
              const V unit = hn::Mul(access.Load(d, x + i, 0), hn::Set(d, k));
              const V rest = hn::NegMulAdd(hn::Set(d, q), unit, access.Load(d, dy + i, 0));
              access.Write(d, hn::Mul(hn::Set(d, p), rest), dx + i);
            });
}

void Subtract(const float* dy, const double* v, float* dx, int64_t n, float p, double q) {
  for (int64_t i = 0; i < n; ++i) dx[i] = p * (dy[i] - static_cast<float>(q * v[i]));
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep::kernels {

HWY_EXPORT(RowDots);
HWY_EXPORT(DotMixed);
HWY_EXPORT(AddScaled);
HWY_EXPORT(ScaleRows);
HWY_EXPORT(Project);
HWY_EXPORT(Subtract);

void RowDots(const float* a, const float* b, int64_t rows, int64_t n, double* dot) {
  HWY_DYNAMIC_DISPATCH(RowDots)(a, b, rows, n, dot);
}

double DotMixed(const float* a, const double* b, int64_t n) {
  return HWY_DYNAMIC_DISPATCH(DotMixed)(a, b, n);
}

void AddScaled(const float* x, double factor, int64_t n, double* sum) {
  HWY_DYNAMIC_DISPATCH(AddScaled)(x, factor, n, sum);
}

void ScaleRows(const float* x, const float* factor, int64_t rows, int64_t n, bool stream,
               float* y) {
  HWY_DYNAMIC_DISPATCH(ScaleRows)(x, factor, rows, n, stream, y);
}

void Project(const float* x, const float* dy, float* dx, int64_t n, bool stream, float p, float q,
             float k) {
  HWY_DYNAMIC_DISPATCH(Project)(x, dy, dx, n, stream, p, q, k);
}

void Subtract(const float* dy, const double* v, float* dx, int64_t n, float p, double q) {
  HWY_DYNAMIC_DISPATCH(Subtract)(dy, v, dx, n, p, q);
}

}  // namespace normsweep::kernels
#endif
