// The end of a speed run.
#pragma once

#include <ostream>
#include <vector>

#include "harness/report/row.h"

namespace normsweep {

// A line per normalizer, layout, mode, cache and thread count: cases, geometric means of native's
// speedup over each contestant, the median fraction_of_copy, and the case that is furthest behind
// its copy. Then the rows that failed, and why others were skipped.
void PrintSpeedTables(const Config& config, const std::vector<ResultRow>& rows,
                      const TableStyle& style, std::ostream* out);

}  // namespace normsweep
