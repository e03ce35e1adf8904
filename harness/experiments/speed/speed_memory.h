// What experiment "speed" takes in memory.
#pragma once

#include "harness/experiments/speed/speed_case.h"
#include "harness/nn/saturated.h"

namespace normsweep {

// A case at its peak: the reference while it computes, or the buffers with all contestants.
Saturated SpeedCaseBytes(const SpeedCase& one);

// SpeedData of a run whose largest tensor has so many values.
Saturated SpeedDataBytes(int64_t values);
// What stays of a case in benchmark.json.
Saturated SpeedEntryBytes(const SpeedCase& one);

}  // namespace normsweep
