// Every experiment, by name.
#pragma once

#include <memory>
#include <ostream>
#include <span>
#include <vector>

#include "harness/experiments/experiment.h"
#include "harness/report/row.h"

namespace normsweep {

struct ExperimentKind {
  const char* name;
  const char* summary;  // one line
  std::unique_ptr<Experiment> (*make)();
  // A case runs on one thread, so that its numbers do not depend on how many run beside it;
  // otherwise the cases share the threads.
  bool one_thread_a_case;
  // Printed when a run ends.
  void (*print_tables)(const Config& config, const std::vector<ResultRow>& rows,
                       const TableStyle& style, std::ostream* out);
};
std::span<const ExperimentKind> Experiments();

}  // namespace normsweep
