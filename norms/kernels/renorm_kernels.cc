#include "norms/kernels/renorm_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/renorm_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

// One vector of sets, or with DS of one lane a single one: all operations are exact to the last
// bit, so that the rest gives what a vector would. Two divisions a set, one by one: 34 % of the time
// of [2, 100].
template <class DS>
HWY_INLINE void RenormalizeVector(DS d, double eps, const RenormLimits& limits, const float* mean,
                                  const float* sigma, const double* set_mean,
                                  const double* variance, float* hi, float* lo, float* scale,
                                  float* shift) {
  const hn::Rebind<float, DS> df;
  const auto clip = [&](auto v, double low, double high) HWY_ATTR {
    const auto least = hn::Set(d, low), most = hn::Set(d, high);
    return hn::IfThenElse(hn::Lt(v, least), least, hn::IfThenElse(hn::Gt(v, most), most, v));
  };
  const auto own = hn::Sqrt(hn::Add(hn::LoadU(d, variance), hn::Set(d, eps)));
  const auto inverse = hn::Div(hn::Set(d, 1.0), hn::PromoteTo(d, hn::LoadU(df, sigma)));
  const auto m = hn::LoadU(d, set_mean);
  const auto away = hn::Sub(m, hn::PromoteTo(d, hn::LoadU(df, mean)));
  const auto r = clip(hn::Mul(own, inverse), 1 / limits.r_max, limits.r_max);
  const auto rounded = hn::DemoteTo(df, m);
  hn::StoreU(rounded, df, hi);
  hn::StoreU(hn::DemoteTo(df, hn::Sub(m, hn::PromoteTo(d, rounded))), df, lo);
  hn::StoreU(hn::DemoteTo(df, hn::Div(r, own)), df, scale);
  hn::StoreU(hn::DemoteTo(df, clip(hn::Mul(away, inverse), -limits.d_max, limits.d_max)), df,
             shift);
}

void Renormalize(int64_t first, int64_t n, double eps, const RenormLimits& limits,
                 const float* running_mean, const float* running_sigma, SetArrays* sets) {
  const double* mean = sets->mean.data() + first;
  const double* variance = sets->variance.data() + first;
  float* hi = sets->mean_hi.data() + first;
  float* lo = sets->mean_lo.data() + first;
  float* scale = sets->scale.data() + first;
  float* shift = sets->shift.data() + first;
  const auto at = [&](auto d, int64_t i) HWY_ATTR {
    RenormalizeVector(d, eps, limits, running_mean + i, running_sigma + i, mean + i, variance + i,
                      hi + i, lo + i, scale + i, shift + i);
  };
  const hn::ScalableTag<double> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) at(d, i);
  for (; i < n; ++i) at(hn::CappedTag<double, 1>(), i);
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep::kernels {

HWY_EXPORT(Renormalize);

void Renormalize(int64_t first, int64_t n, double eps, const RenormLimits& limits,
                 const float* running_mean, const float* running_sigma, SetArrays* sets) {
  HWY_DYNAMIC_DISPATCH(Renormalize)(first, n, eps, limits, running_mean, running_sigma, sets);
}

}  // namespace normsweep::kernels
#endif
