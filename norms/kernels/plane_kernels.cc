#include "norms/kernels/plane_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/plane_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "norms/kernels/gradient_terms-inl.h"
#include "norms/kernels/plane_vectors-inl.h"
#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

struct ForwardPlane {
  float hi, a, b;
};

template <bool kRelu>
HWY_INLINE void Apply(const float* x, float* y, const PlaneBlock& block, const Coefficients& sets,
                      const Affine& affine) {
  const auto own_of = [&](const PlaneIndex& p) HWY_ATTR {
    const Line line = LineOf(sets, p.set, affine.Gamma(p.channel), affine.Beta(p.channel));
    return ForwardPlane{sets.mean_hi[p.set], line.a, line.b};
  };
  const int64_t ahead = block.ahead;
  ForPlanes(block, y, own_of, [=](D d, size_t i, const auto& access, const auto& plane) HWY_ATTR {
    access.Fetch(x + i + ahead);
    const V e = hn::Sub(access.Load(d, x + i, 0), plane.Get(d, &ForwardPlane::hi));
    const V z = hn::MulAdd(e, plane.Get(d, &ForwardPlane::a), plane.Get(d, &ForwardPlane::b));
    access.Write(d, kRelu ? Relu(z, z) : z, y + i);
  });
}

void ApplyPlanes(const float* x, float* y, const PlaneBlock& block, const Coefficients& sets,
                 const Affine& affine) {
  affine.relu ? Apply<true>(x, y, block, sets, affine) : Apply<false>(x, y, block, sets, affine);
}

void SumPlanes(const float* x, const float* dy, const PlaneBlock& block, const Coefficients& sets,
               const Affine& affine, GradientSums* sums) {
  const D d;
  for (PlaneIndex p = PlaneIndex::First(block); p.plane < block.last; p.Next(block)) {
    const Coefficients own = sets.From(p.set);
    const Line line = LineOf(sets, p.set, affine.Gamma(p.channel), affine.Beta(p.channel));
    const Rows row{1, 0, block.s};
    *sums++ = affine.relu ? ProductSums<true>(d, x, dy, row, own, line)
                          : ProductSums<false>(d, x, dy, row, own, line);
    x += block.s;
    dy += block.s;
  }
}

GradientSums SumPlaneRows(const float* x, const float* dy, const Rows& rows,
                          const Coefficients& sets, const Affine& affine) {
  const Line line = LineOf(sets, 0, affine.Gamma(0), affine.Beta(0));
  return affine.relu ? ProductSums<true>(D(), x, dy, rows, sets, line)
                     : ProductSums<false>(D(), x, dy, rows, sets, line);
}

void SumChannels(const float* x, const float* dy, int64_t channels, const Rows& rows,
                 const Coefficients& sets, const Affine& affine, double* g, double* gx) {
  for (int64_t c = 0; c < channels; ++c, x += rows.n, dy += rows.n) {
    const Coefficients own = sets.From(c);
    const Line line = LineOf(sets, c, affine.Gamma(c), affine.Beta(c));
    const GradientSums sums = affine.relu ? ProductSums<true>(D(), x, dy, rows, own, line)
                                          : ProductSums<false>(D(), x, dy, rows, own, line);
    g[c] = sums.g;
    gx[c] = sums.gx;
  }
}

struct BackwardPlane {
  float hi, a, b, scale, gamma, t, q;
};

template <bool kRelu>
HWY_INLINE void Backward(const float* x, const float* dy, float* dx, const PlaneBlock& block,
                         const Coefficients& sets, const Affine& affine) {
  using P = BackwardPlane;
  const auto own_of = [&](const PlaneIndex& p) HWY_ATTR {
    const float gamma = affine.Gamma(p.channel);
    const Line line = LineOf(sets, p.set, gamma, affine.Beta(p.channel));
    return P{sets.mean_hi[p.set], line.a,       line.b, sets.scale[p.set], gamma,
             LoopT(sets, p.set),  sets.q[p.set]};
  };
  const int64_t ahead = block.ahead;
  ForPlanes(block, dx, own_of, [=](D d, size_t i, const auto& access, const auto& plane) HWY_ATTR {
    access.Fetch(x + i + ahead);
    access.Fetch(dy + i + ahead);
    const V e = hn::Sub(access.Load(d, x + i, 0), plane.Get(d, &P::hi));
    V g = access.Load(d, dy + i, 0);
    if constexpr (kRelu) {
      g = Relu(hn::MulAdd(e, plane.Get(d, &P::a), plane.Get(d, &P::b)), g);
    }
    const V scale = plane.Get(d, &P::scale);
    const V centered = hn::Sub(hn::Mul(g, plane.Get(d, &P::gamma)), plane.Get(d, &P::t));
    const V sum = hn::NegMulAdd(plane.Get(d, &P::q), hn::Mul(e, scale), centered);
    access.Write(d, hn::Mul(scale, sum), dx + i);
  });
}

void BackwardPlanes(const float* x, const float* dy, float* dx, const PlaneBlock& block,
                    const Coefficients& sets, const Affine& affine) {
  affine.relu ? Backward<true>(x, dy, dx, block, sets, affine)
              : Backward<false>(x, dy, dx, block, sets, affine);
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep::kernels {

HWY_EXPORT(ApplyPlanes);
HWY_EXPORT(SumPlanes);
HWY_EXPORT(SumPlaneRows);
HWY_EXPORT(SumChannels);
HWY_EXPORT(BackwardPlanes);

void ApplyPlanes(const float* x, float* y, const PlaneBlock& block, const Coefficients& sets,
                 const Affine& affine) {
  HWY_DYNAMIC_DISPATCH(ApplyPlanes)(x, y, block, sets, affine);
}

void SumPlanes(const float* x, const float* dy, const PlaneBlock& block, const Coefficients& sets,
               const Affine& affine, GradientSums* sums) {
  HWY_DYNAMIC_DISPATCH(SumPlanes)(x, dy, block, sets, affine, sums);
}

GradientSums SumPlaneRows(const float* x, const float* dy, const Rows& rows,
                          const Coefficients& sets, const Affine& affine) {
  return HWY_DYNAMIC_DISPATCH(SumPlaneRows)(x, dy, rows, sets, affine);
}

void SumChannels(const float* x, const float* dy, int64_t channels, const Rows& rows,
                 const Coefficients& sets, const Affine& affine, double* g, double* gx) {
  HWY_DYNAMIC_DISPATCH(SumChannels)(x, dy, channels, rows, sets, affine, g, gx);
}

void BackwardPlanes(const float* x, const float* dy, float* dx, const PlaneBlock& block,
                    const Coefficients& sets, const Affine& affine) {
  HWY_DYNAMIC_DISPATCH(BackwardPlanes)(x, dy, dx, block, sets, affine);
}

}  // namespace normsweep::kernels
#endif
