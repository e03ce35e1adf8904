#include "harness/config/expected.h"

#include "harness/config/schema.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string Range(const OrderedJson& node, const std::string& noun) {
  const auto bound = [&](const char* key) { return node.contains(key) ? node[key].dump() : ""; };
  const std::string least = bound("minimum"), above = bound("exclusiveMinimum");
  const std::string most = bound("maximum"), below = bound("exclusiveMaximum");
  if (!least.empty() && !most.empty()) return noun + " from " + least + " to " + most;
  std::string text = noun;
  if (!least.empty()) text += " of " + least + " or more";
  if (!above.empty()) text += " above " + above;
  if (text != noun && (!most.empty() || !below.empty())) text += " and";
  if (!most.empty()) text += " of " + most + " or less";
  if (!below.empty()) text += " below " + below;
  return text;
}

std::string Items(const OrderedJson& node) {
  std::string text = "an array";
  const bool least = node.contains("minItems");
  const bool most = node.contains("maxItems");
  if (least && most && node["minItems"] == node["maxItems"]) {
    text += " of " + node["minItems"].dump() + " values";
  } else if (least && most) {
    text += " of " + node["minItems"].dump() + " to " + node["maxItems"].dump() + " values";
  } else if (least) {
    text += " of " + node["minItems"].dump() + " or more values";
  }
  if (node.contains("items")) text += ", each " + Expected(node["items"]);
  return text;
}

std::string OfType(const OrderedJson& node, const std::string& type) {
  if (type == "integer") return Range(node, "an integer");
  if (type == "number") return Range(node, "a number");
  if (type == "array") return Items(node);
  if (type == "boolean") return "true or false";
  if (type == "null") return "null";
  if (type == "object") return "an object";
  if (node.contains("pattern")) {
    return "a string that matches " + node["pattern"].get<std::string>();
  }
  return node.contains("minLength") ? "a string that is not empty" : "a string";
}

}  // namespace

const OrderedJson& FollowReference(const OrderedJson& node) {
  const auto found = node.find("$ref");
  if (found == node.end()) return node;
  const std::string pointer = found->get<std::string>().substr(1);  // after the '#'
  return FollowReference(ConfigSchema().at(OrderedJson::json_pointer(pointer)));
}

std::string Expected(const OrderedJson& unresolved) {
  const OrderedJson& node = FollowReference(unresolved);
  if (node.contains("const")) return node["const"].dump();
  if (node.contains("enum")) {
    std::string text = "one of";
    for (const OrderedJson& value : node["enum"]) text += " " + value.dump();
    return text;
  }
  if (!node.contains("type")) return "another value";
  if (node["type"].is_string()) return OfType(node, node["type"].get<std::string>());
  std::string text;
  for (const OrderedJson& type : node["type"]) {
    if (!text.empty()) text += ", or ";
    text += OfType(node, type.get<std::string>());
  }
  return text;
}

std::string Shown(const nlohmann::json& value) {
  constexpr size_t kMost = 120;
  std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (text.size() > kMost) {
    size_t end = kMost;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    text = text.substr(0, end) + "...";
  }
  return text;
}

}  // namespace normsweep
