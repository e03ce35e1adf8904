// What a case of experiment "check" takes in memory.
#pragma once

#include <nlohmann/json.hpp>

#include "harness/nn/saturated.h"

namespace normsweep {

// Its shapes come one after the other, so that the largest one counts.
Saturated CheckBytes(const nlohmann::json& resolved_case);

}  // namespace normsweep
