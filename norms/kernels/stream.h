// Non-temporal stores, for an output that cannot stay in the cache: an ordinary store first reads
// the line that it is going to overwrite.
#pragma once

#include <cstdint>

namespace normsweep::kernels {

// to[i] = from[i], past the cache. Ends with a fence, so that other threads see it.
void StreamCopy(const float* from, float* to, int64_t n);

}  // namespace normsweep::kernels
