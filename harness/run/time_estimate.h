// How long the rest of a sweep takes, from the cases that have run.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "harness/run/plan.h"

namespace normsweep {

// Cases that differ in nothing but their seed are of one kind and take as long. By case: the number
// of its kind, from 0, in the order in which they first appear.
std::vector<size_t> KindsOf(const std::vector<SweepCase>& cases);

// Which cases to run for an estimate: the first of each kind of which none is done. Of more kinds than
// kMostProbes, which a check has, as many evenly spread over the sweep.
constexpr size_t kMostProbes = 64;
std::vector<size_t> CasesToTime(const std::vector<SweepCase>& cases, const std::vector<bool>& done);

struct TimeEstimate {
  size_t left = 0;                    // cases to run
  size_t timed = 0;                   // cases that have run
  size_t kinds = 0, timed_kinds = 0;  // of those left; how many of them have a case that has run
  double seconds = 0;                 // for what is left
};

// `seconds` by hash of the cases that have run. A kind of which none has takes the mean of all
// others. `jobs` at a time, so never less than the longest case.
TimeEstimate EstimateTime(const std::vector<SweepCase>& cases,
                          const std::map<std::string, double>& seconds, int jobs);

// "about 12:30 with 2 jobs for the 140 cases left, from 35 that have run", or why it is not known.
std::string TimeText(const TimeEstimate& estimate, int jobs);

}  // namespace normsweep
