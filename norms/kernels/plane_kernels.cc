#include "norms/kernels/plane_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/plane_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "norms/kernels/gradient_terms-inl.h"
#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

// Calls body(set, channel, offset of the plane).
template <class Body>
HWY_INLINE void ForPlanes(const PlaneBlock& block, const Body& body) {
  int64_t channel = block.first % block.channels;
  int64_t set = block.first / block.planes_per_set - block.set_shift;
  int64_t in_set = block.first % block.planes_per_set, offset = 0;
  for (int64_t plane = block.first; plane < block.last; ++plane) {
    body(set, channel, offset);
    offset += block.s;
    if (++channel == block.channels) channel = 0;
    if (++in_set == block.planes_per_set) {
      in_set = 0;
      ++set;
    }
  }
}

template <bool kRelu>
HWY_INLINE void Apply(const float* x, float* y, const PlaneBlock& block, const Coefficients& sets,
                      const Affine& affine) {
  ForPlanes(block, [&](int64_t set, int64_t channel, int64_t offset) HWY_ATTR {
    const Line line = LineOf(sets, set, affine.Gamma(channel), affine.Beta(channel));
    const float hi = sets.mean_hi[set];
    const float* from = x + offset;
    float* to = y + offset;
    ForOutput(D(), static_cast<size_t>(block.s), to, block.stream,
              [=](D d, size_t i, const auto& access) HWY_ATTR {
                const V e = hn::Sub(access.Load(d, from + i, 0), hn::Set(d, hi));
                const V z = hn::MulAdd(e, hn::Set(d, line.a), hn::Set(d, line.b));
                access.Write(d, kRelu ? Relu(z, z) : z, to + i);
              });
  });
}

void ApplyPlanes(const float* x, float* y, const PlaneBlock& block, const Coefficients& sets,
                 const Affine& affine) {
  affine.relu ? Apply<true>(x, y, block, sets, affine) : Apply<false>(x, y, block, sets, affine);
}

void SumPlanes(const float* x, const float* dy, const PlaneBlock& block, const Coefficients& sets,
               const Affine& affine, GradientSums* sums) {
  const D d;
  ForPlanes(block, [&](int64_t set, int64_t channel, int64_t offset) HWY_ATTR {
    const Coefficients own = sets.From(set);
    const Line line = LineOf(sets, set, affine.Gamma(channel), affine.Beta(channel));
    const Rows row{1, 0, block.s};
    *sums++ = affine.relu ? ProductSums<true>(d, x + offset, dy + offset, row, own, line)
                          : ProductSums<false>(d, x + offset, dy + offset, row, own, line);
  });
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

template <bool kRelu>
HWY_INLINE void Backward(const float* x, const float* dy, float* dx, const PlaneBlock& block,
                         const Coefficients& sets, const Affine& affine) {
  ForPlanes(block, [&](int64_t set, int64_t channel, int64_t offset) HWY_ATTR {
    const float gamma = affine.Gamma(channel);
    const Line line = LineOf(sets, set, gamma, affine.Beta(channel));
    const float hi = sets.mean_hi[set], scale = sets.scale[set], q = sets.q[set];
    const float t = LoopT(sets, set);
    const float* from = x + offset;
    const float* gradient = dy + offset;
    float* to = dx + offset;
    ForOutput(D(), static_cast<size_t>(block.s), to, block.stream,
              [=](D d, size_t i, const auto& access) HWY_ATTR {
                const V e = hn::Sub(access.Load(d, from + i, 0), hn::Set(d, hi));
                V g = access.Load(d, gradient + i, 0);
                if constexpr (kRelu) {
                  g = Relu(hn::MulAdd(e, hn::Set(d, line.a), hn::Set(d, line.b)), g);
                }
                const V normalized = hn::Mul(e, hn::Set(d, scale));
                const V centered = hn::Sub(hn::Mul(g, hn::Set(d, gamma)), hn::Set(d, t));
                const V sum = hn::NegMulAdd(hn::Set(d, q), normalized, centered);
                access.Write(d, hn::Mul(hn::Set(d, scale), sum), to + i);
              });
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
