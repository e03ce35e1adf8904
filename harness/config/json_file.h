// Reads JSON strictly. Keys keep the order of the file, which is the order of a sweep's axes.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace normsweep {

constexpr int64_t kMaxJsonBytes = int64_t{16} << 20;
constexpr int kMaxJsonDepth = 64;

// Throws ConfigError: not JSON (line and column), a key given twice, more than kMaxJsonDepth
// levels.
nlohmann::ordered_json ParseJson(const std::string& text);

// Throws ConfigError as well for a file that cannot be read or is larger than kMaxJsonBytes.
nlohmann::ordered_json ReadJsonFile(const std::string& path);

// "/sweep/a~1b/3": `pointer` with one more step.
std::string JoinPointer(const std::string& pointer, const std::string& key);

// A string as it is, anything else as JSON.
std::string PlainText(const nlohmann::ordered_json& value);

}  // namespace normsweep
