// Experiment `speed`: what each normalizer costs, next to its peers and to a copy of the same
// bytes. One row a case and contestant (contestant.h); columns in speed_rows.h.
#pragma once

#include <memory>

#include "harness/experiments/experiment.h"

namespace normsweep {

std::unique_ptr<Experiment> MakeSpeedExperiment();

}  // namespace normsweep
