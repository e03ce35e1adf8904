#include "norms/kernels/stream.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/stream.cc"
#include <hwy/cache_control.h>
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

void StreamCopy(const float* from, float* to, int64_t n) {
  const D d;
  const size_t lanes = hn::Lanes(d), count = static_cast<size_t>(n);
  const size_t bytes = lanes * sizeof(float);
  // Streaming stores want whole vectors at aligned addresses.
  const size_t misaligned = reinterpret_cast<uintptr_t>(to) % bytes;
  const size_t head = misaligned == 0 ? 0 : std::min(count, (bytes - misaligned) / sizeof(float));
  std::memcpy(to, from, head * sizeof(float));
  size_t i = head;
  for (; i + lanes <= count; i += lanes) hn::Stream(hn::LoadU(d, from + i), d, to + i);
  std::memcpy(to + i, from + i, (count - i) * sizeof(float));
  hwy::FlushStream();
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep::kernels {

HWY_EXPORT(StreamCopy);

void StreamCopy(const float* from, float* to, int64_t n) {
  HWY_DYNAMIC_DISPATCH(StreamCopy)(from, to, n);
}

}  // namespace normsweep::kernels
#endif
