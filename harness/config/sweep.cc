#include "harness/config/sweep.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "harness/config/config_error.h"
#include "harness/config/expected.h"
#include "harness/config/json_file.h"
#include "harness/config/schema.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// What belongs to the document, not to a case.
bool IsOfDocument(const std::string& key) {
  return key == "$schema" || key == "name" || key == "experiment" || key == "sweep" ||
         key == "claims";
}

[[noreturn]] void FailUnknownPath(const std::string& experiment, const std::string& pointer,
                                  const std::vector<std::string>& keys) {
  std::vector<std::string> parent = keys;
  std::vector<std::string> expected;
  while (!parent.empty() && expected.empty()) {
    parent.pop_back();
    const OrderedJson* node = FindSchema(experiment, parent);
    if (node == nullptr) continue;
    std::string prefix;
    for (const std::string& key : parent) prefix += key + ".";
    for (const std::string& key : KnownKeys(*node)) {
      if (parent.empty() && IsOfDocument(key)) continue;
      expected.push_back(prefix + key);
    }
  }
  throw ConfigError(pointer, "unknown path, expected one of" + QuotedNames(expected));
}

void CheckPath(const OrderedJson& document, const Axis& axis, const std::vector<Axis>& before) {
  const std::string pointer = JoinPointer("/sweep", axis.path);
  const std::vector<std::string> keys = SplitPath(axis.path);
  const auto experiment = document["experiment"].get<std::string>();
  if (IsOfDocument(keys.front()) || FindSchema(experiment, keys) == nullptr) {
    FailUnknownPath(experiment, pointer, keys);
  }
  const OrderedJson::json_pointer in_document(PointerOf(axis.path));
  if (document.contains(in_document)) {
    throw ConfigError(pointer, "swept, but " + PointerOf(axis.path) +
                                   " is given as well, expected one of the two");
  }
  for (const Axis& other : before) {
    if (other.path.rfind(axis.path + ".", 0) == 0) {
      throw ConfigError(pointer, "would overwrite the values of \"" + other.path +
                                     "\", expected to stand before it");
    }
  }
}

void CheckValues(const Axis& axis) {
  const std::string pointer = JoinPointer("/sweep", axis.path);
  std::map<std::string, size_t> seen;
  for (size_t i = 0; i < axis.values.size(); ++i) {
    const auto [first, is_new] = seen.emplace(Json(axis.values[i]).dump(), i);
    if (is_new) continue;
    throw ConfigError(JoinPointer(pointer, std::to_string(i)),
                      Shown(axis.values[i]) + " again, expected values that differ (it is at " +
                          JoinPointer(pointer, std::to_string(first->second)) + ")");
  }
}

// "group(10)", "batch(keras)": the name, and the options that speak for themselves.
constexpr std::array kSpeaking = {"groups", "dialect"};

std::string ShortLabel(const OrderedJson& value, const std::set<std::string>& keys) {
  std::string inside;
  const auto add = [&](const std::string& text) { inside += (inside.empty() ? "" : ",") + text; };
  for (const char* key : kSpeaking) {
    if (value.contains(key)) add(PlainText(value[key]));
  }
  for (const std::string& key : keys) {
    const bool said =
        key == "name" || std::find(kSpeaking.begin(), kSpeaking.end(), key) != kSpeaking.end();
    if (!said && value.contains(key)) add(key + "=" + PlainText(value[key]));
  }
  const std::string name = value.contains("name") ? PlainText(value["name"]) : value.dump();
  return inside.empty() ? name : name + "(" + inside + ")";
}

// The keys in which the object differs from another that has the same short label.
std::set<std::string> Distinguishing(const std::vector<OrderedJson>& values, size_t index) {
  const OrderedJson& value = values[index];
  const std::string label = ShortLabel(value, {});
  std::set<std::string> keys;
  for (const OrderedJson& other : values) {
    if (!other.is_object() || ShortLabel(other, {}) != label) continue;
    for (const auto& [key, part] : value.items()) {
      if (!other.contains(key) || Json(other[key]) != Json(part)) keys.insert(key);
    }
  }
  return keys;
}

std::vector<OrderedJson> LabelsOf(const std::vector<OrderedJson>& values) {
  std::vector<OrderedJson> labels;
  for (size_t i = 0; i < values.size(); ++i) {
    const OrderedJson& value = values[i];
    if (value.is_object()) {
      labels.emplace_back(ShortLabel(value, Distinguishing(values, i)));
    } else {
      labels.push_back(value.is_array() ? OrderedJson(value.dump()) : value);
    }
  }
  return labels;
}

}  // namespace

std::string ObjectLabel(const OrderedJson& value) {
  std::set<std::string> keys;
  for (const auto& [key, unused] : value.items()) keys.insert(key);
  return ShortLabel(value, keys);
}

std::string PointerOf(const std::string& path) {
  std::string pointer;
  for (const std::string& key : SplitPath(path)) pointer = JoinPointer(pointer, key);
  return pointer;
}

std::vector<Axis> ReadSweep(const OrderedJson& document) {
  std::vector<Axis> axes;
  const OrderedJson sweep = document.value("sweep", OrderedJson::object());
  if (!sweep.is_object()) {
    throw ConfigError("/sweep", Shown(sweep) + ", expected an object of paths and their values");
  }
  int64_t cases = 1;
  for (const auto& [path, values] : sweep.items()) {
    if (!values.is_array() || values.empty()) {
      throw ConfigError(JoinPointer("/sweep", path),
                        Shown(values) + ", expected an array of 1 or more values");
    }
    Axis axis{path, values.get<std::vector<OrderedJson>>(), {}};
    CheckPath(document, axis, axes);
    CheckValues(axis);
    cases *= static_cast<int64_t>(axis.values.size());  // below 2^63: 10^6 times a file's values
    if (cases > kMaxCases) {
      throw ConfigError("/sweep", std::to_string(cases) + " cases or more, expected at most " +
                                      std::to_string(kMaxCases));
    }
    axis.labels = LabelsOf(axis.values);
    axes.push_back(std::move(axis));
  }
  return axes;
}

int64_t NumCases(const std::vector<Axis>& axes) {
  int64_t cases = 1;
  for (const Axis& axis : axes) cases *= static_cast<int64_t>(axis.values.size());
  return cases;
}

std::vector<size_t> IndicesOf(const std::vector<Axis>& axes, int64_t number) {
  std::vector<size_t> indices(axes.size());
  for (size_t i = axes.size(); i-- > 0;) {
    const auto size = static_cast<int64_t>(axes[i].values.size());
    indices[i] = static_cast<size_t>(number % size);
    number /= size;
  }
  return indices;
}

Json PutValues(Json document, const std::vector<Axis>& axes, const std::vector<size_t>& indices) {
  document.erase("sweep");
  for (size_t i = 0; i < axes.size(); ++i) {
    Json* place = &document;
    // By key: a JSON pointer would take "0" for an index. A parent that is missing (or, wrongly, no
    // object) becomes one.
    for (const std::string& key : SplitPath(axes[i].path)) {
      if (!place->is_object()) *place = Json::object();
      place = &(*place)[key];
    }
    *place = axes[i].values[indices[i]];
  }
  return document;
}

std::string PointerInFile(const std::vector<Axis>& axes, const std::vector<size_t>& indices,
                          const std::string& pointer) {
  for (size_t i = axes.size(); i-- > 0;) {  // the last axis to write a place owns it
    const std::string owned = PointerOf(axes[i].path);
    if (pointer != owned && pointer.rfind(owned + "/", 0) != 0) continue;
    return JoinPointer(JoinPointer("/sweep", axes[i].path), std::to_string(indices[i])) +
           pointer.substr(owned.size());
  }
  return pointer;
}

}  // namespace normsweep
