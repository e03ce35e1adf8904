// The end of a statistics run: the error of the batch mean beside its theory, and how far apart the
// frameworks' running statistics end.
#pragma once

#include <ostream>
#include <vector>

#include "harness/report/row.h"

namespace normsweep {

// A line per normalizer of the network, a column per batch size: measured (theory), means over the
// seeds; and the batch size from which on the error is below `level`. Where a normalizer was measured, also a line per
// normalizer and a column per batch size: dialect_distance, mean over layers and seeds.
void PrintStatisticsTables(const Config& config, const std::vector<ResultRow>& rows,
                           const TableStyle& style, std::ostream* out);

}  // namespace normsweep
