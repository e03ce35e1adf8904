// Experiment `check`: every backend against the float64 reference, the reference against central
// differences, identities between normalizers, and mutants that must be caught.
#pragma once

#include <memory>

#include "harness/experiments/experiment.h"

namespace normsweep {

std::unique_ptr<Experiment> MakeCheckExperiment();

}  // namespace normsweep
