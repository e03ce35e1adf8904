// The sums of a backward pass, for planes and rows.
#if defined(NORMSWEEP_KERNELS_GRADIENT_TERMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NORMSWEEP_KERNELS_GRADIENT_TERMS_INL_H_
#undef NORMSWEEP_KERNELS_GRADIENT_TERMS_INL_H_
#else
#define NORMSWEEP_KERNELS_GRADIENT_TERMS_INL_H_
#endif

#include "norms/kernels/coefficients.h"
#include "norms/kernels/exact.h"
#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

// sum(dy) and sum(dy (x - mean_hi) scale).
template <bool kRelu>
struct ProductTerm {
  const float* x;
  const float* dy;
  float mean_hi, scale;
  Line line;
  template <class Access>
  HWY_INLINE void operator()(D d, size_t i, const Access& access, V& s, V& q, bool /*odd*/) const {
    const V e = hn::Sub(access.Load(d, x + i, mean_hi), hn::Set(d, mean_hi));
    V g = access.Load(d, dy + i, 0);
    if constexpr (kRelu) {
      g = Relu(hn::MulAdd(e, hn::Set(d, line.a), hn::Set(d, line.b)), g);
    }
    s = hn::Add(s, g);
    q = hn::MulAdd(g, hn::Mul(e, hn::Set(d, scale)), q);
  }
};

template <bool kRelu>
HWY_INLINE GradientSums ProductSums(D d, const float* x, const float* dy, const Rows& rows,
                                    const Coefficients& set, const Line& line) {
  const Sums sums = SumRows(d, ProductTerm<kRelu>{x, dy, set.mean_hi[0], set.scale[0], line},
                            static_cast<size_t>(rows.rows), static_cast<size_t>(rows.stride),
                            static_cast<size_t>(rows.n));
  return {sums.first, sums.second - Remainder(set, 0) * sums.first};
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
