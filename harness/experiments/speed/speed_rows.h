// The rows of one case: what was timed, turned into columns.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiments/check/comparison.h"
#include "harness/experiments/experiment.h"
#include "harness/experiments/speed/contestant.h"

namespace normsweep {

// What is known of one contestant of a case.
struct Outcome {
  std::string contestant;
  std::string skipped;               // why it did not take part
  std::string broke;                 // the error that it threw
  std::optional<OutputError> check;  // the yardsticks have none
  ContestantInfo info;
  int64_t cost_bytes = 0;  // fewest that the call must move; a copy's own
  std::vector<double> ns;  // per repetition; empty where it was not timed

  bool passed() const { return broke.empty() && (!check || check->error <= check->tolerance); }
};

// One row an outcome, in their order. `threads` is the number in force, `seed` that of the
// bootstrap.
//   metrics  implementation, composite, cost_bytes, worst_error, tolerance, worst_at
//   timings  median_ns, ci95_low_ns, ci95_high_ns, gb_per_s (of cost_bytes), fraction_of_copy (the
//            better copy's median over this one), creation_ns, reorder_ns; for native noise_floor,
//            and speedup_over_X (X's median over ours), its interval and verdict_over_X for every
//            other contestant that is no part of the harness and not composite
//   samples  ns
std::vector<CaseResult> SpeedRows(const SpeedCase& one, int threads,
                                  const std::vector<Outcome>& outcomes, uint64_t seed);

}  // namespace normsweep
