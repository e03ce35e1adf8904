// What a run would do, before it does it.
#pragma once

#include <ostream>

#include "harness/journal/journal.h"
#include "harness/run/plan.h"
#include "harness/run/time_estimate.h"

namespace normsweep {

// The cases with their hashes, their number and that of the trials that they need.
void PrintCases(const Plan& plan, std::ostream* out);

// What the cases will take; `journal` of the folder of results, or null.
void PrintEstimates(const Plan& plan, const Journal* journal, int jobs, std::ostream* out);

}  // namespace normsweep
