#include "harness/experiments/speed/copy_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "harness/experiments/speed/copy_kernels.cc"
#include <hwy/foreach_target.h>
// After it, as Highway wants:
#include <hwy/cache_control.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace normsweep {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Four vectors a turn. The empty assembly keeps the compiler from seeing a memcpy in it.
template <bool kStream>
void Copy(const float* HWY_RESTRICT from, float* HWY_RESTRICT to, int64_t n) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto put = [&](auto v, float* at) HWY_ATTR {
    if constexpr (kStream) {
      hn::Stream(v, d, at);
    } else {
      hn::Store(v, d, at);
    }
  };
  int64_t i = 0;
  for (; i + 4 * lanes <= n; i += 4 * lanes) {
    const auto a = hn::Load(d, from + i);
    const auto b = hn::Load(d, from + i + lanes);
    const auto c = hn::Load(d, from + i + 2 * lanes);
    const auto e = hn::Load(d, from + i + 3 * lanes);
    put(a, to + i);
    put(b, to + i + lanes);
    put(c, to + i + 2 * lanes);
    put(e, to + i + 3 * lanes);
    asm volatile("" ::: "memory");
  }
  for (; i < n; ++i) to[i] = from[i];
  if constexpr (kStream) hwy::FlushStream();
}

void CopyPlainHere(const float* from, float* to, int64_t n) { Copy<false>(from, to, n); }
void CopyStreamingHere(const float* from, float* to, int64_t n) { Copy<true>(from, to, n); }

}  // namespace HWY_NAMESPACE
}  // namespace normsweep
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep {

HWY_EXPORT(CopyPlainHere);
HWY_EXPORT(CopyStreamingHere);

void CopyPlain(const float* from, float* to, int64_t n) {
  HWY_DYNAMIC_DISPATCH(CopyPlainHere)(from, to, n);
}

void CopyStreaming(const float* from, float* to, int64_t n) {
  HWY_DYNAMIC_DISPATCH(CopyStreamingHere)(from, to, n);
}

}  // namespace normsweep
#endif
