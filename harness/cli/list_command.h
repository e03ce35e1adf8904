// normsweep list: what there is to choose from.
#pragma once

#include <span>

#include "harness/cli/console.h"
#include "harness/experiments/registry.h"

namespace normsweep {

int ListCommand(std::span<const ExperimentKind> experiments, const Console& console);

}  // namespace normsweep
