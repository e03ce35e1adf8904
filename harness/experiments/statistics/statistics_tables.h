// The end of a statistics run: the error of the batch mean beside its theory.
#pragma once

#include <ostream>
#include <vector>

#include "harness/report/row.h"

namespace normsweep {

// A line per normalizer of the network, a column per batch size: measured (theory), means over the
// seeds; and the batch size from which on the error is below `level`.
void PrintStatisticsTables(const Config& config, const std::vector<ResultRow>& rows,
                           const TableStyle& style, std::ostream* out);

}  // namespace normsweep
