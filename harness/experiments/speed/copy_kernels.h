// The yardsticks: what moving the bytes alone costs.
#pragma once

#include <cstdint>

namespace normsweep {

// to[0, n) = from[0, n), both on a 64-byte boundary, by vectors of the widest instruction set that
// the machine has. Plain: ordinary stores, which bring the line into cache first; never memcpy,
// which streams above a size of its own choosing. Streaming: non-temporal stores, complete on
// return.
void CopyPlain(const float* from, float* to, int64_t n);
void CopyStreaming(const float* from, float* to, int64_t n);

}  // namespace normsweep
