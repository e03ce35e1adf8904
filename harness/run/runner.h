// Runs the cases of one experiment side by side.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "harness/experiments/experiment.h"
#include "norms/errors.h"

namespace normsweep {

// A case threw. The text is that of its exception.
class RunBroke : public Error {
 public:
  RunBroke(size_t index, const std::string& what) : Error(what), index_(index) {}
  size_t index() const { return index_; }  // of the case

 private:
  size_t index_;
};

// What is known while the cases run; good for the call only.
struct RunState {
  size_t done;
  double seconds;
  const std::vector<bool>& finished;                    // by case
  const std::vector<std::vector<CaseResult>>& results;  // by case: of finished ones only
};

struct RunnerOptions {
  int jobs = 1;                                            // cases side by side
  int threads_per_case = 1;                                // OpenMP threads of each
  const std::atomic<int>* interrupted = nullptr;           // not zero: stop
  std::function<void(const RunState& state)> on_progress;  // several times a second, by the caller
};

// The rows of each case in the order of the cases, whatever order they finished in. Nothing when
// interrupted; throws RunBroke when a case throws. In both of these no further case starts, and
// cases that still run are abandoned: they take minutes, and nobody waits for their numbers. Their
// threads then own what they need, and the process should end without waiting for them
// (std::_Exit).
std::optional<std::vector<std::vector<CaseResult>>> RunCases(std::shared_ptr<Experiment> experiment,
                                                             std::vector<nlohmann::json> cases,
                                                             const RunnerOptions& options);

}  // namespace normsweep
