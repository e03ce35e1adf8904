// What a config may say: configs/schema.json, embedded in the binary when it is built.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace normsweep {

const nlohmann::ordered_json& ConfigSchema();

// The experiment that the document names, which chooses the part of the schema
// (/definitions/<experiment>) that the rest is checked against. Throws ConfigError for an unknown
// one, or a document that is no object.
std::string ExperimentOf(const nlohmann::json& document);

// Throws ConfigError, naming the deepest cause, where `document` is not what its experiment's part
// of the schema allows.
void CheckAgainstSchema(const nlohmann::json& document);

// The schema's node for a path such as {"training", "learning_rate"}, references followed; null
// where the schema does not know it. A node that allows any further key knows all of them.
const nlohmann::ordered_json* FindSchema(const std::string& experiment,
                                         const std::vector<std::string>& path);

// The keys that the node itself names.
std::vector<std::string> KnownKeys(const nlohmann::ordered_json& node);

// "training.learning_rate" -> {"training", "learning_rate"}
std::vector<std::string> SplitPath(const std::string& path);

}  // namespace normsweep
