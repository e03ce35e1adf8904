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
  bool dry_run = false;
  bool require_claims = false;  // a claim that is not supported is a failure
  std::vector<std::string> command_line;
  bool no_report = false;
  // Makes the report of a folder of results and returns the line that says so; may be empty.
  std::function<std::string(const std::string& folder)> report;
};

// Checks every config before the first case starts; runs them one after another; writes each one's
// results and its report when it is complete. `interrupted` is the number of a signal that came, or 0. Returns the
// exit status.
int RunCommand(const RunOptions& options, std::span<const ExperimentKind> experiments,
               const std::atomic<int>* interrupted, const Console& console);

int ValidateCommand(const std::vector<std::string>& configs,
                    const std::vector<std::string>& settings,
                    std::span<const ExperimentKind> experiments, const Console& console);

// "normsweep run configs/quick.json --case 0123456789abcdef", quoted for a shell.
std::string ReproLine(const RunOptions& options, const std::string& config,
                      const std::string& hash);

}  // namespace normsweep
