#include "harness/run/time_estimate.h"

#include <algorithm>
#include <set>

#include "harness/run/progress.h"

namespace normsweep {
namespace {

struct Mean {
  double sum = 0;
  double count = 0;
  void Add(double value) {
    sum += value;
    ++count;
  }
  double Value() const { return count > 0 ? sum / count : 0; }
};

std::string Counted(size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

}  // namespace

std::vector<size_t> KindsOf(const std::vector<SweepCase>& cases) {
  std::vector<size_t> kinds;
  std::map<std::string, size_t> numbers;
  kinds.reserve(cases.size());
  for (const SweepCase& one : cases) {
    nlohmann::ordered_json columns = one.columns;
    columns.erase("seed");
    kinds.push_back(numbers.try_emplace(columns.dump(), numbers.size()).first->second);
  }
  return kinds;
}

std::vector<size_t> CasesToTime(const std::vector<SweepCase>& cases,
                                const std::vector<bool>& done) {
  const std::vector<size_t> kinds = KindsOf(cases);
  std::set<size_t> seen;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (done[i]) seen.insert(kinds[i]);
  }
  std::vector<size_t> first;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (seen.insert(kinds[i]).second) first.push_back(i);
  }
  if (first.size() <= kMostProbes) return first;
  std::vector<size_t> spread;
  for (size_t i = 0; i < kMostProbes; ++i) spread.push_back(first[i * first.size() / kMostProbes]);
  return spread;
}

TimeEstimate EstimateTime(const std::vector<SweepCase>& cases,
                          const std::map<std::string, double>& seconds, int jobs) {
  const std::vector<size_t> kinds = KindsOf(cases);
  TimeEstimate estimate;
  std::vector<Mean> of_kind(cases.size());
  Mean of_all;
  for (size_t i = 0; i < cases.size(); ++i) {
    const auto found = seconds.find(cases[i].hash);
    if (found == seconds.end()) continue;
    ++estimate.timed;
    of_kind[kinds[i]].Add(found->second);
    of_all.Add(found->second);
  }
  std::set<size_t> left_kinds;
  double longest = 0;
  for (size_t i = 0; i < cases.size(); ++i) {
    if (seconds.contains(cases[i].hash)) continue;
    ++estimate.left;
    const Mean& mean = of_kind[kinds[i]];
    if (left_kinds.insert(kinds[i]).second && mean.count > 0) ++estimate.timed_kinds;
    const double one = mean.count > 0 ? mean.Value() : of_all.Value();
    estimate.seconds += one;
    longest = std::max(longest, one);
  }
  estimate.kinds = left_kinds.size();
  estimate.seconds = std::max(longest, estimate.seconds / std::max(1, jobs));
  return estimate;
}

std::string TimeText(const TimeEstimate& estimate, int jobs) {
  if (estimate.left == 0) return "none: all cases have run";
  if (estimate.timed == 0) {
    return "unknown until a case has run; --estimate runs " +
           std::to_string(std::min(estimate.kinds, kMostProbes)) + " and keeps them";
  }
  std::string text = "about " + DurationText(estimate.seconds) + " with " +
                     Counted(static_cast<size_t>(jobs), "job") + " for the " +
                     Counted(estimate.left, "case") + " left, from " +
                     std::to_string(estimate.timed) + " that ran before";
  if (estimate.timed_kinds < estimate.kinds) {
    text += " (of " + std::to_string(estimate.timed_kinds) + " of " +
            Counted(estimate.kinds, "kind") + ")";
  }
  return text;
}

}  // namespace normsweep
