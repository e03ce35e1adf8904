// Every experiment, by name.
#pragma once

#include <memory>
#include <ostream>
#include <span>
#include <vector>

#include "harness/experiments/experiment.h"
#include "harness/report/row.h"

namespace normsweep {

// How the cases of an experiment share the machine.
enum class CaseThreads {
  kShared,  // side by side, --threads each (1)
  kOne,     // side by side, one thread each whatever --threads says
  kAlone,   // one at a time whatever --jobs says, --threads each (all cores): its times are its own
};

struct ExperimentKind {
  const char* name;
  const char* summary;  // one line
  std::unique_ptr<Experiment> (*make)();
  CaseThreads case_threads;
  // Printed when a run ends, and on a terminal of the rows so far while it goes on.
  void (*print_tables)(const Config& config, const std::vector<ResultRow>& rows,
                       const TableStyle& style, std::ostream* out);
};
std::span<const ExperimentKind> Experiments();

}  // namespace normsweep
