// What a call must move at least, for comparing times with the memory's speed.
#pragma once

#include <cstdint>

namespace normsweep {

// The largest data cache of this machine in bytes; 32 MiB where the system does not say.
int64_t LastLevelCacheBytes();

// What a call does with the tensors of its output's size.
enum class Pass {
  kOnce,        // reads x once: eval
  kStatistics,  // reads x for the statistics, and again
  kBackward,    // reads x and dy
};

// Whether an output of so many bytes is better stored past the cache: a border for each pass, found
// by measuring (README.md), where the call's tensors take up 5/8 to all of the last-level cache.
bool StreamsOutput(int64_t bytes, Pass pass);

}  // namespace normsweep
