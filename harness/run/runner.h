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
  RunBroke(size_t index, const std::string& what, bool out_of_memory)
      : Error(what), index_(index), out_of_memory_(out_of_memory) {}
  size_t index() const { return index_; }  // of the case
  bool out_of_memory() const { return out_of_memory_; }

 private:
  size_t index_;
  bool out_of_memory_;
};

// What is known while the cases run; good for the call only.
struct RunState {
  size_t done;                                          // those known before included
  double seconds;                                       // since the start
  const std::vector<bool>& finished;                    // by case
  const std::vector<std::vector<CaseResult>>& results;  // by case: of finished ones only
};

struct CasesToRun {
  // The results that are known already, by case; nothing where the case is to run.
  std::vector<std::optional<std::vector<CaseResult>>> known;
  // The rows of one case, from any thread. Owns all it needs: it may outlive the call of RunCases.
  // Once `stop` is set nobody wants the rows any more.
  std::function<std::vector<CaseResult>(size_t index, const std::atomic<bool>& stop)> run;
};

// All of them by the experiment itself, in this process.
CasesToRun CasesHere(std::shared_ptr<Experiment> experiment, std::vector<nlohmann::json> cases);

struct RunnerOptions {
  int jobs = 1;                                            // cases side by side
  int threads_per_case = 1;                                // OpenMP threads of each
  const std::atomic<int>* interrupted = nullptr;           // not zero: stop
  std::function<void(const RunState& state)> on_progress;  // several times a second, by the caller
  // A case has ended after `seconds`: called before its worker starts the next, one call at a time
  // and none after RunCases has returned. May change the rows. What it throws ends the run.
  std::function<void(size_t index, std::vector<CaseResult>* rows, double seconds)> on_finished;
  // Whether `run` itself returns soon once it is told to stop, and must be waited for.
  bool wait_for_running = false;
};

// The rows of each case in the order of the cases, whatever order they finished in. Nothing when
// interrupted; throws RunBroke when a case throws. In both of these no further case starts, and
// cases that still run are abandoned unless wait_for_running: they take minutes, and nobody waits
// for their numbers. The process should then end without waiting for their threads (std::_Exit).
std::optional<std::vector<std::vector<CaseResult>>> RunCases(CasesToRun cases,
                                                             const RunnerOptions& options);

}  // namespace normsweep
