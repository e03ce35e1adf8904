// The end of a train run: test error by normalizer and batch size.
#pragma once

#include <ostream>
#include <vector>

#include "harness/report/row.h"

namespace normsweep {

// Mean of test_error over the seeds and half the width of its 95 % interval. A line per value of
// the first swept object (normalizer), a column per value of the first swept scalar that is not the
// seed (batch_size), a table per combination of the rest. Too wide for the terminal: a list.
void PrintErrorTables(const Config& config, const std::vector<ResultRow>& rows,
                      const TableStyle& style, std::ostream* out);

}  // namespace normsweep
