#include "harness/config/config.h"

#include <array>
#include <cstdio>
#include <set>
#include <utility>

#include "harness/config/config_error.h"
#include "harness/config/expected.h"
#include "harness/config/json_file.h"
#include "harness/config/schema.h"
#include "harness/config/settings.h"
#include "norms/registry.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

Json CaseOf(Json document) {
  for (const char* key : {"$schema", "name", "sweep", "claims"}) document.erase(key);
  return document;
}

// What is left to the library: its options, without the keys that the schema calls the harness's.
void CheckNormalizer(const std::string& experiment, const Json& normalizer) {
  Json options = normalizer;
  const OrderedJson* node = FindSchema(experiment, {"normalizer"});
  if (node != nullptr) {
    for (const std::string& key : KnownKeys(*node)) options.erase(key);
  }
  try {
    CheckOptions(normalizer["name"].get<std::string>(), options);
  } catch (const UnknownNameError& error) {
    throw ConfigError("/normalizer/name", error.what());
  } catch (const OptionError& error) {
    throw ConfigError("/normalizer" + error.pointer(), error.message());
  }
}

// Checks cases as they come; cases that share a normalizer share its check.
class CaseChecker {
 public:
  explicit CaseChecker(const Config& config) : config_(config), document_(config.document) {
    document_.erase("sweep");  // may be long, and its form is checked
  }

  void CheckSchema(const std::vector<size_t>& indices) const {
    Translate(indices, [&] { CheckAgainstSchema(PutValues(document_, config_.axes, indices)); });
  }

  void CheckOptionsOf(const Json& resolved, const std::vector<size_t>& indices) {
    const auto found = resolved.find("normalizer");
    if (found == resolved.end() || !checked_.insert(found->dump()).second) return;
    Translate(indices, [&] { CheckNormalizer(config_.experiment, *found); });
  }

 private:
  template <class Check>
  void Translate(const std::vector<size_t>& indices, const Check& check) const {
    try {
      check();
    } catch (const ConfigError& error) {
      throw ConfigError(PointerInFile(config_.axes, indices, error.pointer()), error.message());
    }
  }

  const Config& config_;
  Json document_;
  std::set<std::string> checked_;
};

// One column, and for objects one more per key of any of the axis's objects (null where absent).
void AddColumns(const Axis& axis, size_t index, OrderedJson* columns) {
  (*columns)[axis.path] = axis.labels[index];
  for (const OrderedJson& value : axis.values) {
    if (!value.is_object()) continue;
    for (const auto& [key, unused] : value.items()) {
      const OrderedJson& own = axis.values[index];
      OrderedJson part = own.is_object() && own.contains(key) ? own[key] : OrderedJson();
      (*columns)[axis.path + "." + key] = part.is_structured() ? OrderedJson(part.dump()) : part;
    }
  }
}

void AddCoordinate(const std::string& path, const OrderedJson& label, std::string* coordinates) {
  *coordinates += (coordinates->empty() ? "" : ",") + path + "=" + PlainText(label);
}

// Of a swept path in a case made outside the product: the axis's own words where it has the value.
OrderedJson LabelOf(const Axis& axis, const Json& value) {
  for (size_t i = 0; i < axis.values.size(); ++i) {
    if (Json(axis.values[i]) == value) return axis.labels[i];
  }
  if (value.is_object() && value.contains("name")) return ObjectLabel(value);
  return value.is_structured() ? OrderedJson(value.dump()) : OrderedJson(value);
}

}  // namespace

std::string CaseHash(const Json& resolved) {
  uint64_t hash = 0xcbf29ce484222325u;
  for (const char c : resolved.dump()) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  }
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(hash));
  return text.data();
}

Config LoadConfig(const std::string& path, const std::vector<std::string>& settings) {
  Config config = MakeConfig(ReadJsonFile(path), settings);
  config.path = path;
  return config;
}

Config MakeConfig(OrderedJson document, const std::vector<std::string>& settings) {
  ExperimentOf(document);  // an object, at least
  for (const std::string& setting : settings) ApplySetting(setting, &document);
  Config config;
  config.experiment = ExperimentOf(document);
  config.axes = ReadSweep(document);
  config.document = std::move(document);
  // Each value of each axis once, with the others at their first: an error is in one value, and the
  // product may be a hundred thousand times as many.
  const CaseChecker checker(config);
  std::vector<size_t> indices(config.axes.size(), 0);
  checker.CheckSchema(indices);
  for (size_t axis = 0; axis < config.axes.size(); ++axis) {
    for (size_t i = 1; i < config.axes[axis].values.size(); ++i) {
      indices[axis] = i;
      checker.CheckSchema(indices);
    }
    indices[axis] = 0;
  }
  config.name = config.document["name"].get<std::string>();
  return config;
}

std::vector<SweepCase> ExpandCases(const Config& config) {
  CaseChecker checker(config);
  const Json document = CommonPart(config);
  std::vector<SweepCase> cases(static_cast<size_t>(NumCases(config.axes)));
  for (size_t i = 0; i < cases.size(); ++i) {
    const std::vector<size_t> indices = IndicesOf(config.axes, static_cast<int64_t>(i));
    SweepCase& one = cases[i];
    one.resolved = PutValues(document, config.axes, indices);
    checker.CheckOptionsOf(one.resolved, indices);
    one.columns = OrderedJson::object();
    for (size_t axis = 0; axis < config.axes.size(); ++axis) {
      AddColumns(config.axes[axis], indices[axis], &one.columns);
      AddCoordinate(config.axes[axis].path, config.axes[axis].labels[indices[axis]],
                    &one.coordinates);
    }
    one.hash = CaseHash(one.resolved);
  }
  return cases;
}

SweepCase MakeExtraCase(const Config& config, const Json& resolved) {
  SweepCase extra{resolved, OrderedJson::object(), "", CaseHash(resolved)};
  const auto add = [&](const std::string& path, const OrderedJson& label) {
    extra.columns[path] = label;
    AddCoordinate(path, label, &extra.coordinates);
  };
  const Json common = CommonPart(config);
  std::set<std::string> swept;
  for (const Axis& axis : config.axes) {
    const Json::json_pointer place(PointerOf(axis.path));
    swept.insert(SplitPath(axis.path).front());
    if (resolved.contains(place)) add(axis.path, LabelOf(axis, resolved[place]));
  }
  for (const auto& [key, value] : resolved.items()) {
    if (swept.contains(key) || (common.contains(key) && common[key] == value)) continue;
    add(key, LabelOf({}, value));
  }
  return extra;
}

Json CommonPart(const Config& config) { return CaseOf(Json(config.document)); }

}  // namespace normsweep
