// The end of a run: its rows become files, tables, verdicts and an exit status.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <vector>

#include "harness/cli/console.h"
#include "harness/journal/journal.h"
#include "harness/report/results.h"
#include "harness/run/plan.h"

namespace normsweep {

struct Conclusion {
  std::string folder;  // for the files; empty: none are written
  RunEnvironments environments;
  bool judge_claims = true;     // of a part of the cases they would be undecided at best
  bool require_claims = false;  // a claim that is not supported is a failure
  // Makes the report of the folder and returns the line that says so; may be empty.
  std::function<std::string(const std::string& folder)> report;
  const std::atomic<int>* interrupted = nullptr;
  std::string duration;  // "0:07"
  // What takes cases up again that did not end.
  const char* runs_again = "the same command runs";
};

// The rows of a case: the row's own columns before the case's.
ResultRow MakeRow(const SweepCase& one, CaseResult result, const std::string& repro,
                  int64_t session);

// The rows of the plan's cases, all of which the journal has. `command` is ReproCommand's.
std::vector<ResultRow> RowsOf(const Plan& plan, const Journal& journal, const std::string& command);

// The environment that concludes the run, and those in which its cases ran.
RunEnvironments EnvironmentsOf(const Journal& journal,
                               const std::vector<std::string>& command_line);

// Writes and prints; returns the exit status. Throws Error where a file cannot be written.
int Conclude(const Plan& plan, const std::vector<ResultRow>& rows, const Conclusion& conclusion,
             const Console& console);

}  // namespace normsweep
