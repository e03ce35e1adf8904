// The vectors of neighbouring planes, cut at the lines of the output and not at the planes' ends.
#if defined(NORMSWEEP_KERNELS_PLANE_VECTORS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NORMSWEEP_KERNELS_PLANE_VECTORS_INL_H_
#undef NORMSWEEP_KERNELS_PLANE_VECTORS_INL_H_
#else
#define NORMSWEEP_KERNELS_PLANE_VECTORS_INL_H_
#endif

#include "norms/kernels/plane_kernels.h"
#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

// Which plane of a block comes next.
struct PlaneIndex {
  int64_t plane, set, channel, in_set;
  static HWY_INLINE PlaneIndex First(const PlaneBlock& block) {
    return {block.first, block.first / block.planes_per_set - block.set_shift,
            block.first % block.channels, block.first % block.planes_per_set};
  }
  HWY_INLINE void Next(const PlaneBlock& block) {
    ++plane;
    if (++channel == block.channels) channel = 0;
    if (++in_set == block.planes_per_set) {
      in_set = 0;
      ++set;
    }
  }
};

// The coefficients of a vector's values, where they lie in one plane, and where the first n of them
// lie in one and the others in the next. Own is a struct of floats.
template <class Own>
struct OnePlane {
  Own own;
  HWY_INLINE V Get(D d, float Own::*member) const { return hn::Set(d, own.*member); }
};
template <class Own>
struct TwoPlanes {
  Own own, next;
  size_t n;
  HWY_INLINE V Get(D d, float Own::*member) const {
    return hn::IfThenElse(hn::FirstN(d, n), hn::Set(d, own.*member), hn::Set(d, next.*member));
  }
};

// Calls body(d, i, access, coefficients) for the vectors of the block's values, counted from its
// first: whole ones at aligned addresses of `to`, but for a partial one at either end. A plane of
// 14x14 is twelve lines and a quarter, so that plane by plane every vector but a few lies across
// two lines, and a streamed line would be written in two parts.
template <class Access, class OwnOf, class Body>
HWY_INLINE void ForPlaneVectors(const PlaneBlock& block, const float* to, const OwnOf& own_of,
                                const Body& body) {
  using Own = decltype(own_of(PlaneIndex()));
  const D d;
  const size_t lanes = hn::Lanes(d), s = static_cast<size_t>(block.s);
  const size_t total = static_cast<size_t>(block.last - block.first) * s;
  const size_t past = reinterpret_cast<uintptr_t>(to) / sizeof(float) % lanes;
  PlaneIndex index = PlaneIndex::First(block);
  Own own = own_of(index);
  size_t end = s;
  size_t i = past == 0 ? 0 : lanes - past;  // at most s, which is a vector or more
  if (i > 0) body(d, size_t{0}, Partial{i}, OnePlane<Own>{own});
  while (true) {
    const OnePlane<Own> one{own};
    for (; i + lanes <= end; i += lanes) body(d, i, Access(), one);
    if (end == total) break;
    index.Next(block);
    const Own next = own_of(index);
    if (i < end) {
      body(d, i, Access(), TwoPlanes<Own>{own, next, end - i});
      i += lanes;
    }
    own = next;
    end += s;
  }
  if (i < total) body(d, i, Partial{total - i}, OnePlane<Own>{own});
}

// The same for planes shorter than a vector, which then would take values of three and more: a
// partial one each.
template <class OwnOf, class Body>
HWY_INLINE void ForShortPlanes(const PlaneBlock& block, const OwnOf& own_of, const Body& body) {
  using Own = decltype(own_of(PlaneIndex()));
  const auto s = static_cast<size_t>(block.s);
  if (s == 0) return;
  size_t i = 0;
  for (PlaneIndex index = PlaneIndex::First(block); index.plane < block.last; index.Next(block)) {
    body(D(), i, Partial{s}, OnePlane<Own>{own_of(index)});
    i += s;
  }
}

template <class OwnOf, class Body>
HWY_INLINE void ForPlanes(const PlaneBlock& block, const float* to, const OwnOf& own_of,
                          const Body& body) {
  if (static_cast<size_t>(block.s) < hn::Lanes(D())) {
    ForShortPlanes(block, own_of, body);
  } else if (block.stream) {
    ForPlaneVectors<Streamed>(block, to, own_of, body);
  } else {
    ForPlaneVectors<Whole>(block, to, own_of, body);
  }
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
