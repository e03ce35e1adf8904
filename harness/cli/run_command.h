// normsweep run, normsweep validate.
#pragma once

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harness/cli/console.h"
#include "harness/experiments/registry.h"
#include "harness/run/plan.h"

namespace normsweep {

struct RunOptions {
  std::vector<std::string> configs;
  std::string output;  // --output; empty: not given, then "results" for a whole run
  std::string data;    // --data, or else NORMSWEEP_DATA
  bool data_given = false;
  int threads = 0;
  int jobs = 0;
  Selection selection;
  std::vector<std::string> settings;  // --set
  bool fresh = false;                 // do not go on from a journal that is there
  bool dry_run = false;
  bool estimate = false;    // run the first case of each kind, say how long the rest takes, and end
  bool isolate = false;     // each case in a process of its own (run/isolated_case.h)
  double case_seconds = 0;  // limits of such a process; 0: none
  int64_t case_memory = 0;  // bytes
  // Of such a process itself: who started it and reads its journal.
  int64_t isolated_from = 0;
  bool require_claims = false;  // a claim that is not supported is a failure
  std::vector<std::string> command_line;
  bool no_report = false;
  // Makes the report of a folder of results and returns the line that says so; may be empty.
  std::function<std::string(const std::string& folder)> report;
};

// Checks every config before the first case starts; runs them one after another, each finished case
// going into the journal of its folder, from which the same command goes on; writes each one's
// results and its report when it is complete. `interrupted` is the number of a signal that came, or
// 0. Returns the exit status.
int RunCommand(const RunOptions& options, std::span<const ExperimentKind> experiments,
               const std::atomic<int>* interrupted, const Console& console);

int ValidateCommand(const std::vector<std::string>& configs,
                    const std::vector<std::string>& settings,
                    std::span<const ExperimentKind> experiments, const Console& console);

// The checked config of each path with the cases that the selection leaves of it. Throws Error
// naming the path, for two configs of one name too.
std::vector<Plan> MakePlans(const std::vector<std::string>& configs,
                            const std::vector<std::string>& settings, const Selection& selection,
                            std::span<const ExperimentKind> experiments);

}  // namespace normsweep
