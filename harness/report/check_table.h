// The end of a check run.
#pragma once

#include <ostream>
#include <vector>

#include "harness/report/row.h"

namespace normsweep {

// A line per case but for the swept "input", over which the line has the worst: the metrics "error"
// and "tolerance" of the row that comes nearest to its tolerance (or goes farthest beyond), the worst
// status and its reason. Then how many cases have which status, and the line that re-runs each
// FAILED one. Too wide for the terminal: a list.
void PrintCheckTable(const Config& config, const std::vector<ResultRow>& rows,
                     const TableStyle& style, std::ostream* out);

}  // namespace normsweep
