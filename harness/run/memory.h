// How much memory a run takes: before it starts, and before anything of its sizes is made.
#pragma once

#include <cstdint>
#include <string>

#include "harness/run/plan.h"

namespace normsweep {

// What a case may take at the most, with what it shares: 1 TiB, more than a machine of two sockets
// has today, and far below where sizes overflow. The same everywhere: whether a config is valid
// must not depend on the machine that reads it.
constexpr int64_t kMostCaseBytes = int64_t{1} << 40;

// Throws ConfigError for a case that would take more, with a pointer to the number in it that takes
// the most with it.
void CheckCaseMemory(const Experiment& experiment, const nlohmann::json& resolved_case);

struct MemoryEstimate {
  int64_t process = 0;       // the program itself, its plan and its results
  int64_t shared = 0;        // what Prepare loads
  int64_t largest_case = 0;  // of one case while it runs
  size_t largest = 0;        // which: index in plan.cases
  int64_t running = 0;       // of as many cases as run side by side, the largest ones
  int64_t total = 0;         // process + shared + running: an upper estimate
};

// With `jobs` cases side by side (one for an experiment whose cases run alone). The plan has one
// case or more.
MemoryEstimate EstimateMemory(const Plan& plan, int jobs);

// Bytes that a new process can have: MemAvailable, or what is left of the limit of a control group
// (v1 or v2) above this process if that is less. -1 where neither is known. `root` is for tests.
int64_t AvailableMemory(const std::string& root = "");

// A sentence where the estimate is beyond what is available; else, and for an available -1, empty.
std::string MemoryWarning(const MemoryEstimate& estimate, int64_t available);

std::string BytesText(int64_t bytes);  // "1.5 GiB"

}  // namespace normsweep
