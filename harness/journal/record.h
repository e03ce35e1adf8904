// How a journal's lines look: strict JSON, one object a line, with a checksum.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/experiments/experiment.h"

namespace normsweep {

// Longer lines are refused on both ways. A case of speed.json takes 60 KB.
constexpr size_t kMaxJournalLine = size_t{64} << 20;

// {"case": 1} -> {"case":1,"crc32":"0a1b2c3d"}, without the end of the line. Text that is not UTF-8
// is replaced, as JSON cannot hold it. Throws Error for a line that is too long.
std::string SealLine(const nlohmann::ordered_json& object);
// The object without its checksum; nothing where the line is not what SealLine wrote.
std::optional<nlohmann::ordered_json> OpenLine(std::string_view line);

// The rows of one case, every number to the bit: what is not finite, which JSON lacks, is
// {"not_finite": "nan"}, "inf" or "-inf".
nlohmann::ordered_json RowsToJson(const std::vector<CaseResult>& rows);
// Throws Error for what RowsToJson does not write.
std::vector<CaseResult> RowsFromJson(const nlohmann::ordered_json& json);

}  // namespace normsweep
