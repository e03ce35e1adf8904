// What a run gave: for each case its rows.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/config/config.h"
#include "harness/experiments/experiment.h"

namespace normsweep {

struct ResultRow {
  nlohmann::ordered_json columns;  // those of the row itself, then SweepCase's
  std::string coordinates;
  std::string hash;
  CaseResult result;
  std::string repro;    // the command line that runs this case alone
  int64_t session = 0;  // in which of the run's processes it ran
};

// How a table may look.
struct TableStyle {
  int width = 80;     // columns of the terminal
  bool utf8 = false;  // "±" rather than "+-"
};

}  // namespace normsweep
