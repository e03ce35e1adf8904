#include "norms/cost.h"

#include <unistd.h>

#include <algorithm>

namespace normsweep {

int64_t LastLevelCacheBytes() {
  static const int64_t bytes = [] {
    const int64_t found =
        std::max<int64_t>(sysconf(_SC_LEVEL3_CACHE_SIZE), sysconf(_SC_LEVEL2_CACHE_SIZE));
    return found > 0 ? found : int64_t{32} << 20;
  }();
  return bytes;
}

}  // namespace normsweep
