// What the SIMD kernels share: loads and stores of a row's last, partial vector, and sums. Included
// once a target (Highway's foreach_target); vectors are never members of a struct, because SVE's
// have no size at compile time.
#if defined(NORMSWEEP_KERNELS_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NORMSWEEP_KERNELS_SIMD_INL_H_
#undef NORMSWEEP_KERNELS_SIMD_INL_H_
#else
#define NORMSWEEP_KERNELS_SIMD_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::ScalableTag<float>;
using V = hn::Vec<D>;
#if HWY_TARGET == HWY_SCALAR
using D64 = hn::Rebind<double, D>;  // one lane of either
#else
using D64 = hn::Repartition<double, D>;
#endif
using V64 = hn::Vec<D64>;

// Targets whose masked loads touch nothing outside the mask. On the others (SSE4, NEON) Highway
// loads a whole vector, which may lie across the end of the tensor.
constexpr bool kMaskedMemory =
    HWY_TARGET <= HWY_AVX2 ||  // on x86, where the better targets have the lower bits
    (HWY_TARGET & (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128 | HWY_RVV)) != 0;

// The first n < Lanes(d) values of p, and `fill` behind them.
HWY_INLINE V LoadTail(D d, const float* p, size_t n, float fill) {
  if constexpr (kMaskedMemory) {
    const auto mask = hn::FirstN(d, n);
    return hn::IfThenElse(mask, hn::MaskedLoad(mask, d, p), hn::Set(d, fill));
  } else {
    HWY_ALIGN float buffer[hn::MaxLanes(D())];
    std::fill(buffer, buffer + hn::Lanes(d), fill);
    std::memcpy(buffer, p, n * sizeof(float));
    return hn::Load(d, buffer);
  }
}

HWY_INLINE void StoreTail(D d, V v, float* p, size_t n) {
  if constexpr (kMaskedMemory) {
    hn::BlendedStore(v, hn::FirstN(d, n), d, p);
  } else {
    HWY_ALIGN float buffer[hn::MaxLanes(D())];
    hn::Store(v, d, buffer);
    std::memcpy(p, buffer, n * sizeof(float));
  }
}

// How a loop's body reaches the vector at an index: Load and Store for what is read and updated,
// Write for the output, Fetch for what comes much later. Force-inlined, so that the forms cost no
// branch in the loop.
struct Whole {
  HWY_INLINE V Load(D d, const float* p, float /*fill*/) const { return hn::LoadU(d, p); }
  HWY_INLINE void Store(D d, V v, float* p) const { hn::StoreU(v, d, p); }
  HWY_INLINE void Write(D d, V v, float* p) const { hn::StoreU(v, d, p); }
  HWY_INLINE void Fetch(const float* /*p*/) const {}
};
struct Partial {
  size_t n;
  HWY_INLINE V Load(D d, const float* p, float fill) const { return LoadTail(d, p, n, fill); }
  HWY_INLINE void Store(D d, V v, float* p) const { StoreTail(d, v, p, n); }
  HWY_INLINE void Write(D d, V v, float* p) const { StoreTail(d, v, p, n); }
  HWY_INLINE void Fetch(const float* /*p*/) const {}
};
// Writes past the cache, which takes whole vectors at aligned addresses. Fetches to the second
// level (Highway's Prefetch, to the first: 1.1 times as long for batch norm of [32, 512, 28, 28]).
struct Streamed {
  HWY_INLINE V Load(D d, const float* p, float /*fill*/) const { return hn::LoadU(d, p); }
  HWY_INLINE void Store(D d, V v, float* p) const { hn::StoreU(v, d, p); }
  HWY_INLINE void Write(D d, V v, float* p) const { hn::Stream(v, d, p); }
  HWY_INLINE void Fetch(const float* p) const { __builtin_prefetch(p, 0, 2); }
};

// Calls body(d, i, access) for the vectors of [0, n): whole ones, and a partial one at the end.
template <class Body>
HWY_INLINE void ForVectors(D d, size_t n, const Body& body) {
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) body(d, i, Whole{});
  if (i < n) body(d, i, Partial{n - i});
}

// The same for a body that writes to[i...]. With `stream` past the cache: after a partial vector up
// to an aligned address, so that planes may start anywhere.
template <class Body>
HWY_INLINE void ForOutput(D d, size_t n, const float* to, bool stream, const Body& body) {
  if (!stream) {
    ForVectors(d, n, body);
    return;
  }
  const size_t lanes = hn::Lanes(d), bytes = lanes * sizeof(float);
  const size_t misaligned = reinterpret_cast<uintptr_t>(to) % bytes;
  size_t i = misaligned == 0 ? 0 : std::min(n, (bytes - misaligned) / sizeof(float));
  if (i > 0) body(d, size_t{0}, Partial{i});
  for (; i + lanes <= n; i += lanes) body(d, i, Streamed{});
  if (i < n) body(d, i, Partial{n - i});
}

HWY_INLINE float Total(D d, V v) { return hn::GetLane(hn::SumOfLanes(d, v)); }
HWY_INLINE double Total(D64 d, V64 v) { return hn::GetLane(hn::SumOfLanes(d, v)); }

// sum += the lanes of v, pairwise from its two halves.
HWY_INLINE void AddTo(V64& sum, V v) {
  const D64 d64;
#if HWY_TARGET == HWY_SCALAR
  sum = hn::Add(sum, hn::PromoteTo(d64, v));
#else
  const hn::Half<D> half;
  sum = hn::Add(sum, hn::Add(hn::PromoteTo(d64, hn::LowerHalf(half, v)),
                             hn::PromoteTo(d64, hn::UpperHalf(half, v))));
#endif
}

// 0 where z <= 0, else v: relu with z = v, its gradient with v = dy. A NaN z passes v.
HWY_INLINE V Relu(V z, V v) { return hn::IfThenZeroElse(hn::Le(z, hn::Zero(D())), v); }

struct Sums {
  double first = 0;
  double second = 0;
};

// Additions of one float32 lane before it is added to a float64 one: rounding then costs at most
// 16 u of a variance (u = 2^-24), and about 0.2 u sqrt(32) = 1 u where the errors are random.
// A single lane, where errors have no others to average out with, gets 8.
constexpr size_t kChain = HWY_TARGET == HWY_SCALAR ? 8 : 32;

// Both sums of a term over `rows` rows of n values, `stride` apart. term(d, i, access, s, q,
// odd) adds what index i gives to the accumulators s and q; `odd` alternates. The order of the
// additions depends on rows, n and the vector length alone.
template <class Term>
HWY_INLINE Sums SumRows(D d, const Term& term, size_t rows, size_t stride, size_t n) {
  const size_t lanes = hn::Lanes(d);
  const D64 d64;
  V s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
  V q0 = s0, q1 = s0, q2 = s0, q3 = s0;
  V64 s = hn::Zero(d64), q = s;
  size_t pending = 0;
  const auto flush = [&]() HWY_ATTR {
    AddTo(s, hn::Add(hn::Add(s0, s1), hn::Add(s2, s3)));
    AddTo(q, hn::Add(hn::Add(q0, q1), hn::Add(q2, q3)));
    s0 = s1 = s2 = s3 = q0 = q1 = q2 = q3 = hn::Zero(d);
    pending = 0;
  };
  const size_t tail = n % lanes;
  for (size_t row = 0; row < rows; ++row) {
    size_t i = row * stride;
    const size_t end = i + (n - tail);
    while (end - i >= 4 * lanes) {
      const size_t steps = std::min((end - i) / (4 * lanes), kChain - pending);
      for (size_t step = 0; step < steps; ++step, i += 4 * lanes) {
        term(d, i, Whole{}, s0, q0, false);
        term(d, i + lanes, Whole{}, s1, q1, true);
        term(d, i + 2 * lanes, Whole{}, s2, q2, false);
        term(d, i + 3 * lanes, Whole{}, s3, q3, true);
      }
      pending += steps;
      if (pending == kChain) flush();
    }
    if (n % (4 * lanes) == 0) continue;
    if (i < end) term(d, i, Whole{}, s0, q0, false), i += lanes;
    if (i < end) term(d, i, Whole{}, s1, q1, true), i += lanes;
    if (i < end) term(d, i, Whole{}, s2, q2, false), i += lanes;
    if (tail != 0) term(d, i, Partial{tail}, s3, q3, true);
    if (++pending == kChain) flush();
  }
  flush();
  return {Total(d64, s), Total(d64, q)};
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
