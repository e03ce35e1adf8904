// Puts a node of the schema into words: "an integer of 1 or more, or null".
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace normsweep {

std::string Expected(const nlohmann::ordered_json& node);

// The node that a "$ref" stands for; the node itself where there is none.
const nlohmann::ordered_json& FollowReference(const nlohmann::ordered_json& node);

// The value as JSON, cut where it is too long for a message.
std::string Shown(const nlohmann::json& value);

}  // namespace normsweep
