// A case in a process of its own, so that one that crashes, hangs or takes all memory ends as a row
// of the table and not as the end of the sweep. The process is this program itself with --case: a
// fork would hang in the first OpenMP region, for the threads of the parent's pool are not forked
// with it.
#pragma once

#include <atomic>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/experiments/experiment.h"
#include "harness/run/plan.h"

namespace normsweep {

struct Isolation {
  std::string program = "/proc/self/exe";
  std::string folder;        // that is there, for what the process leaves for us
  double seconds = 0;        // a case may take; 0: any
  int64_t memory_bytes = 0;  // of private memory that a case may take; 0: any
  int threads = 1;
  std::string data;  // --data
  // What the process must find to be so, too: RunHeader's "machine", Experiment::Data.
  nlohmann::ordered_json machine, checksums;
};

// What the process ends with, beside ExitStatus (cli/console.h), where it had no memory left.
constexpr int kOutOfMemory = 4;

// Of the process itself: dies with the one that started it, obeys the limit, and ends with
// kOutOfMemory where std::bad_alloc meets a thread or a function that may not throw.
void EnterIsolation(int64_t parent, int64_t memory_bytes);

// The least that may be given for memory_bytes: what a process takes that has loaded the program
// and its libraries (what this one has now) and 64 MiB, in which the smallest cases run.
int64_t LeastCaseMemory();

// The rows of the case, or one with the status crashed (by a signal), timed_out, out_of_memory or
// broke (it threw, or left no rows), and the reason. Throws Error where the process cannot be
// started, where it was ended because of `stop` or by SIGINT or SIGTERM, and where it had another
// machine or other data than the run.
std::vector<CaseResult> RunIsolated(const Plan& plan, const SweepCase& one,
                                    const Isolation& isolation, const std::atomic<bool>& stop);

}  // namespace normsweep
