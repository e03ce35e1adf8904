// The command line: which command, with what.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/cli/console.h"
#include "harness/experiments/registry.h"

namespace normsweep {

// `arguments` as main gets them, the program's name first. Returns the exit status.
int RunCommandLine(const std::vector<std::string>& arguments,
                   std::span<const ExperimentKind> experiments, const Console& console);

}  // namespace normsweep
