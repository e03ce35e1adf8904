// Metrics as columns of a table.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace normsweep {

// Arrays spread over columns, counted from 1: "test_error_per_epoch": [5, 3] becomes
// "test_error_epoch_1": 5, "test_error_epoch_2": 3.
std::vector<std::pair<std::string, nlohmann::ordered_json>> Flatten(
    const nlohmann::ordered_json& metrics);

// A finite number, or nothing.
std::optional<double> FiniteNumber(const nlohmann::ordered_json& value);

// Strict JSON: what is not finite is null, and "<metric>_reason" beside it says what it was.
nlohmann::ordered_json WithReasons(const nlohmann::ordered_json& metrics);

// The shortest text that reads back as the same double: "0.1", "1e+22".
std::string NumberText(double value);

}  // namespace normsweep
