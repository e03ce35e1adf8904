// What a call must move at least, for comparing times with the memory's speed.
#pragma once

#include <cstdint>

namespace normsweep {

// The largest data cache of this machine in bytes; 32 MiB where the system does not say.
int64_t LastLevelCacheBytes();

// Outputs larger than this are stored past the cache: a quarter of it. README.md has the times on
// both sides of the border.
int64_t StreamingBytes();

}  // namespace normsweep
