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
  kShared,  // cases side by side, the cores shared among them
  kOne,     // side by side, one thread each, so that the numbers do not depend on how many run
  kAlone,   // one case at a time whatever --jobs says: its times are its own
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
