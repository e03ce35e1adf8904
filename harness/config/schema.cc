#include "harness/config/schema.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "harness/config/config_error.h"
#include "harness/config/expected.h"
#include "harness/config/json_file.h"
#include "norms/errors.h"

namespace normsweep {

extern const char* const kConfigSchemaText;  // schema_text.cc.in

namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;
using Context = std::vector<std::string>;

// One step down: the node for a key of an object or an index of an array; null where there is none.
const OrderedJson* Child(const OrderedJson& unresolved, const std::string& key) {
  static const OrderedJson kAnything = OrderedJson::object();
  const OrderedJson& node = FollowReference(unresolved);
  if (node.value("type", OrderedJson()) == "array") {
    return node.contains("items") ? &FollowReference(node["items"]) : &kAnything;
  }
  if (node.contains("properties") && node["properties"].contains(key)) {
    return &FollowReference(node["properties"][key]);
  }
  const bool object = node.empty() || node.value("type", OrderedJson()) == "object";
  if (!object) return nullptr;
  const auto rest = node.find("additionalProperties");
  if (rest == node.end()) return &kAnything;
  return rest->is_object() ? &FollowReference(*rest) : nullptr;
}

// Where an error happened: valijson's context "<root>" "[sweep]" "[0]" without its decoration.
Context PathOf(const Context& context) {
  Context path;
  for (size_t i = 1; i < context.size(); ++i) {
    path.push_back(context[i].substr(1, context[i].size() - 2));
  }
  return path;
}

// valijson says that a value failed; this says which and what was expected, from the same schema.
[[noreturn]] void Explain(const OrderedJson& root, const Json& document, const Context& path) {
  const OrderedJson* node = &root;
  const Json* value = &document;
  std::string pointer;
  for (const std::string& key : path) {
    node = Child(*node, key);
    value = value->is_array() ? &value->at(std::stoul(key)) : &value->at(key);
    pointer = JoinPointer(pointer, key);
  }
  if (value->is_object()) {
    for (const auto& [key, unused] : value->items()) {
      if (Child(*node, key) != nullptr) continue;
      throw ConfigError(JoinPointer(pointer, key), "unknown key \"" + key + "\", expected one of" +
                                                       QuotedNames(KnownKeys(*node)));
    }
    for (const OrderedJson& key : node->value("required", OrderedJson::array())) {
      const auto name = key.get<std::string>();
      if (value->contains(name)) continue;
      throw ConfigError(JoinPointer(pointer, name),
                        "missing, expected " + Expected(*Child(*node, name)));
    }
  }
  throw ConfigError(pointer, Shown(*value) + ", expected " + Expected(*node));
}

// The schema of one experiment, with the definitions that it refers to.
Json SchemaOf(const std::string& experiment) {
  Json schema = ConfigSchema()["definitions"][experiment];
  schema["definitions"] = ConfigSchema()["definitions"];
  return schema;
}

const valijson::Schema& CompiledSchema(const std::string& experiment) {
  static const auto kSchemas = [] {
    std::map<std::string, valijson::Schema> schemas;
    for (const OrderedJson& name : ConfigSchema()["properties"]["experiment"]["enum"]) {
      const Json source = SchemaOf(name.get<std::string>());
      valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
      parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(source),
                            schemas[name.get<std::string>()]);
    }
    return schemas;
  }();
  return kSchemas.at(experiment);
}

}  // namespace

const OrderedJson& ConfigSchema() {
  static const OrderedJson kSchema = OrderedJson::parse(kConfigSchemaText);
  return kSchema;
}

std::string ExperimentOf(const Json& document) {
  if (!document.is_object()) {
    throw ConfigError("", Shown(document) + ", expected an object: a config");
  }
  const OrderedJson& known = ConfigSchema()["properties"]["experiment"];
  if (!document.contains("experiment")) {
    throw ConfigError("/experiment", "missing, expected " + Expected(known));
  }
  const Json& name = document["experiment"];
  const OrderedJson& names = known["enum"];
  if (std::find(names.begin(), names.end(), OrderedJson(name)) == names.end()) {
    throw ConfigError("/experiment", Shown(name) + ", expected " + Expected(known));
  }
  return name.get<std::string>();
}

void CheckAgainstSchema(const Json& document) {
  const std::string experiment = ExperimentOf(document);
  valijson::Validator validator;
  valijson::ValidationResults results;
  const valijson::adapters::NlohmannJsonAdapter adapter(document);
  if (validator.validate(CompiledSchema(experiment), adapter, &results)) return;
  // A failure is repeated for each object around it: the deepest is the cause. An unknown key goes
  // before a missing one, because it is most often that key, misspelt.
  Context deepest;
  for (const auto& error : results) {
    if (error.context.size() > deepest.size()) deepest = error.context;
  }
  Explain(ConfigSchema()["definitions"][experiment], document, PathOf(deepest));
}

const OrderedJson* FindSchema(const std::string& experiment, const std::vector<std::string>& path) {
  const OrderedJson* node = &ConfigSchema()["definitions"][experiment];
  for (const std::string& key : path) {
    // An index into an array is not a path of the config: a sweep replaces the array.
    if (node == nullptr || node->value("type", OrderedJson()) == "array") return nullptr;
    node = Child(*node, key);
  }
  return node;
}

std::vector<std::string> KnownKeys(const OrderedJson& node) {
  std::vector<std::string> keys;
  if (!node.contains("properties")) return keys;
  for (const auto& [key, unused] : node["properties"].items()) keys.push_back(key);
  return keys;
}

std::vector<std::string> SplitPath(const std::string& path) {
  std::vector<std::string> keys;
  std::istringstream stream(path + ".");
  for (std::string key; std::getline(stream, key, '.');) keys.push_back(key);
  return keys;
}

}  // namespace normsweep
