// The end of a check run.
#pragma once

#include <ostream>
#include <vector>

#include "harness/report/row.h"

namespace normsweep {

// Per suite a table: a line per normalizer, backend and layout with the worst error over its modes
// and inputs, its tolerance and where it was; then every row that failed, and the count of each
// status. Too wide for the terminal: lists.
void PrintCheckTables(const Config& config, const std::vector<ResultRow>& rows,
                      const TableStyle& style, std::ostream* out);

}  // namespace normsweep
