#include "harness/cli/dry_run.h"

#include <map>
#include <set>
#include <string>

#include "harness/run/memory.h"

namespace normsweep {
namespace {

std::string MemoryText(const Plan& plan, int jobs) {
  const MemoryEstimate estimate = EstimateMemory(plan, jobs);
  return "at most " + BytesText(estimate.total) + " with " + std::to_string(jobs) +
         (jobs == 1 ? " job: " : " jobs: ") + BytesText(estimate.process) + " the program, " +
         BytesText(estimate.shared) + " what cases share, " + BytesText(estimate.running) +
         " the largest cases side by side";
}

}  // namespace

void PrintCases(const Plan& plan, std::ostream* out) {
  for (const SweepCase& one : plan.cases) *out << one.hash << "  " << one.coordinates << '\n';
  std::set<nlohmann::json> trials;
  for (const SweepCase& one : plan.cases) {
    const auto needed = plan.experiment->Trials(one.resolved);
    trials.insert(needed.begin(), needed.end());
  }
  *out << plan.config.name << ": " << plan.cases.size() << " cases";
  if (!trials.empty()) *out << " and " << trials.size() << " trials that select a value";
  *out << '\n';
}

void PrintEstimates(const Plan& plan, const Journal* journal, int jobs, std::ostream* out) {
  std::map<std::string, double> seconds;
  if (journal != nullptr) {
    for (const auto& [hash, one] : journal->cases) {
      if (!IsBroken(one.rows)) seconds[hash] = one.seconds;
    }
  }
  if (!plan.cases.empty()) {
    *out << plan.config.name << ": memory: " << MemoryText(plan, jobs) << '\n';
  }
  *out << plan.config.name << ": time: " << TimeText(EstimateTime(plan.cases, seconds, jobs), jobs)
       << '\n';
}

}  // namespace normsweep
