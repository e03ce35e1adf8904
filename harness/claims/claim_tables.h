// Judgements as a file, as JSON and as a table for the terminal.
#pragma once

#include <nlohmann/json.hpp>
#include <ostream>
#include <string>
#include <vector>

#include "harness/claims/judge.h"

namespace normsweep {

std::string ClaimsCsv(const std::vector<Judgement>& judgements);
nlohmann::ordered_json ClaimsJson(const std::vector<Judgement>& judgements);
// Nothing where there are no claims.
void PrintClaims(const std::vector<Judgement>& judgements, std::ostream* out);

}  // namespace normsweep
