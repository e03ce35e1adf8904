// One config of `normsweep run`: its cases run, or taken from its journal, and its results written.
#pragma once

#include <atomic>

#include "harness/cli/run_command.h"
#include "harness/journal/run_output.h"

namespace normsweep {

struct Cores {
  int jobs;
  int threads_per_case;
};
Cores ShareCores(const RunOptions& options, const Plan& plan);

// Which of the cases the journal has, and whole; the others are to run.
std::vector<bool> DoneCases(const Plan& plan, const Journal& journal);

// `output` may be null: no files. Returns the exit status; throws Error.
int RunPlan(const RunOptions& options, const Plan& plan, RunOutput* output,
            const std::atomic<int>* interrupted, const Console& console);

}  // namespace normsweep
