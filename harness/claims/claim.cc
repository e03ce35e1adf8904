#include "harness/claims/claim.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "harness/config/config_error.h"
#include "harness/config/expected.h"
#include "harness/config/json_file.h"
#include "harness/nn/config_reader.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

constexpr std::array kExpects = {std::pair{"greater", Expect::kGreater},
                                 std::pair{"less", Expect::kLess},
                                 std::pair{"equal", Expect::kEqual},
                                 std::pair{"rising", Expect::kRising},
                                 std::pair{"falling", Expect::kFalling},
                                 std::pair{"crossover", Expect::kCrossover},
                                 std::pair{"correlation", Expect::kCorrelation}};

std::set<std::string> ColumnsOf(const std::vector<SweepCase>& cases) {
  std::set<std::string> columns;
  for (const SweepCase& one : cases) {
    for (const auto& [name, unused] : one.columns.items()) columns.insert(name);
  }
  columns.erase("seed");
  return columns;
}

std::string Listed(const std::set<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

void CheckColumn(const std::string& column, const std::set<std::string>& columns,
                 const std::string& pointer) {
  if (columns.contains(column)) return;
  if (column == "seed") throw ConfigError(pointer, "expected no seed: a claim is tested over them");
  throw ConfigError(
      pointer, "\"" + column + "\" is not swept, expected " +
                   (columns.empty() ? "none, for only the seed is" : "one of " + Listed(columns)));
}

// The swept paths, but for the seed and `axis`, of which the selected cases have several values.
void CheckSelector(const RowSelector& selector, const std::string& axis, bool open,
                   const Config& config, const std::vector<SweepCase>& cases,
                   const std::string& pointer) {
  const std::set<std::string> columns = ColumnsOf(cases);
  std::map<std::string, std::set<std::string>> values;
  bool any = false;
  for (const auto& [column, value] : selector.items()) {
    CheckColumn(column, columns, JoinPointer(pointer, column));
  }
  for (const SweepCase& one : cases) {
    if (!Matches(selector, one.columns)) continue;
    any = true;
    for (const Axis& swept : config.axes) {
      if (swept.path == "seed" || swept.path == axis || !one.columns.contains(swept.path)) continue;
      values[swept.path].insert(one.columns[swept.path].dump());
    }
  }
  if (!any) throw ConfigError(pointer, Shown(selector) + ", which no case of the sweep is");
  for (const auto& [path, seen] : values) {
    if (open || seen.size() < 2) continue;
    throw ConfigError(pointer, "leaves " + path + " open, of which the sweep has " +
                                   std::to_string(seen.size()) + " values, expected one");
  }
}

Claim ReadClaim(const Json& json, const std::string& pointer) {
  Claim claim;
  ConfigReader reader(json, pointer);
  const auto text = [&](const char* key, std::string* value) {
    if (const Json* given = reader.Any(key)) *value = given->get<std::string>();
  };
  text("name", &claim.name);
  text("source", &claim.source);
  text("metric", &claim.metric);
  text("axis", &claim.axis);
  text("with", &claim.with);
  reader.Choice("expect", &claim.expect,
                std::vector<std::pair<const char*, Expect>>(kExpects.begin(), kExpects.end()));
  if (const Json* given = reader.Any("case")) claim.selected = OrderedJson(*given);
  if (const Json* given = reader.Any("against")) claim.against = OrderedJson(*given);
  if (const Json* given = reader.Any("relative_to")) claim.relative_to = OrderedJson(*given);
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  reader.Number("than", &claim.than, -kInfinity, kInfinity);
  reader.Number("by", &claim.by, 0, kInfinity);
  reader.Number("confidence", &claim.confidence, 0.5, 1 - 1e-9);
  reader.Finish();
  return claim;
}

bool IsComparison(Expect expect) {
  return expect == Expect::kGreater || expect == Expect::kLess || expect == Expect::kEqual;
}

// Keys that a kind of claim cannot do without, and those that it has no use for.
void CheckKeys(const Claim& claim, const Json& json, const std::string& pointer) {
  const auto check = [&](const char* key, bool needed) {
    if (json.contains(key) == needed) return;
    throw ConfigError(JoinPointer(pointer, key),
                      std::string(needed ? "missing, expected with" : "expected only without") +
                          " \"expect\": \"" + Name(claim.expect) + "\"");
  };
  const bool trend = claim.expect == Expect::kRising || claim.expect == Expect::kFalling;
  check("axis", trend || claim.expect == Expect::kCrossover);
  if (!IsComparison(claim.expect)) {
    check("against", claim.expect == Expect::kCrossover);
    check("with", claim.expect == Expect::kCorrelation);
    check("than", false);
    check("by", false);
    return;
  }
  if (claim.than) {
    for (const char* key : {"against", "with"}) {
      if (!json.contains(key)) continue;
      throw ConfigError(JoinPointer(pointer, key), "expected only without \"than\"");
    }
  } else if (claim.with.empty()) {
    check("against", true);
  }
}

// Whether a column is a swept path or tells a detail of its value: normalizer, normalizer.groups.
bool Belongs(const std::string& column, const std::string& path) {
  return column == path || column.starts_with(path + ".");
}

// The swept paths that `relative_to` names.
std::vector<std::string> VariedPaths(const RowSelector& relative_to, const Config& config) {
  std::vector<std::string> paths;
  for (const Axis& axis : config.axes) {
    if (std::any_of(relative_to.items().begin(), relative_to.items().end(),
                    [&](const auto& item) { return Belongs(item.key(), axis.path); })) {
      paths.push_back(axis.path);
    }
  }
  return paths;
}

// Every selected case has one baseline.
void CheckRelativeTo(const Claim& claim, const std::vector<SweepCase>& cases,
                     const std::string& pointer) {
  if (claim.relative_to.empty()) return;
  for (const auto& [column, value] : claim.relative_to.items()) {
    CheckColumn(column, ColumnsOf(cases), JoinPointer(pointer, column));
  }
  for (const SweepCase& one : cases) {
    if (!Matches(claim.selected, one.columns)) continue;
    const auto count = std::count_if(cases.begin(), cases.end(), [&](const SweepCase& other) {
      return IsBaseline(claim, one.columns, other.columns);
    });
    if (count == 1) continue;
    throw ConfigError(pointer, Shown(claim.relative_to) + ", which " + std::to_string(count) +
                                   " cases are for " + one.coordinates + ", expected one");
  }
}

// A trend or a crossing needs numbers to run over, at least two of them among the selected cases.
void CheckAxis(const Claim& claim, const std::vector<SweepCase>& cases,
               const std::string& pointer) {
  if (claim.axis.empty()) return;
  std::set<double> values;
  for (const SweepCase& one : cases) {
    if (!Matches(claim.selected, one.columns) || !one.columns.contains(claim.axis)) continue;
    const OrderedJson& value = one.columns[claim.axis];
    if (!value.is_number()) {
      throw ConfigError(
          pointer, "\"" + claim.axis + "\" has the value " + value.dump() + ", expected numbers");
    }
    values.insert(value.get<double>());
  }
  if (values.size() < 2) {
    throw ConfigError(pointer, "\"" + claim.axis + "\" has " + std::to_string(values.size()) +
                                   " values in the selected cases, expected two or more");
  }
}

}  // namespace

const char* Name(Expect expect) {
  for (const auto& [name, value] : kExpects) {
    if (value == expect) return name;
  }
  return "";
}

bool IsBaseline(const Claim& claim, const OrderedJson& columns, const OrderedJson& other) {
  const auto varied = [&](const std::string& column) {
    return std::any_of(claim.varied.begin(), claim.varied.end(),
                       [&](const std::string& path) { return Belongs(column, path); });
  };
  return Matches(claim.relative_to, other) &&
         std::all_of(columns.items().begin(), columns.items().end(), [&](const auto& item) {
           const auto found = other.find(item.key());
           return varied(item.key()) ||
                  (found != other.end() && Json(*found) == Json(item.value()));
         });
}

bool Matches(const RowSelector& selector, const OrderedJson& columns) {
  return std::all_of(selector.items().begin(), selector.items().end(), [&](const auto& item) {
    const auto found = columns.find(item.key());
    // A list's column is its text, as in results.csv.
    const Json wanted = item.value().is_array() ? Json(item.value().dump()) : Json(item.value());
    return found != columns.end() && Json(*found) == wanted;
  });
}

std::vector<Claim> ReadClaims(const Config& config, const std::vector<SweepCase>& cases) {
  std::vector<Claim> claims;
  const Json all = Json(config.document).value("claims", Json::array());
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string pointer = "/claims/" + std::to_string(i);
    Claim claim = ReadClaim(all[i], pointer);
    CheckKeys(claim, all[i], pointer);
    const bool open = claim.expect == Expect::kCorrelation;
    if (!claim.axis.empty()) CheckColumn(claim.axis, ColumnsOf(cases), pointer + "/axis");
    CheckSelector(claim.selected, claim.axis, open, config, cases, pointer + "/case");
    if (all[i].contains("against")) {
      CheckSelector(claim.against, claim.axis, open, config, cases, pointer + "/against");
    } else if (IsComparison(claim.expect) && !claim.than) {
      claim.against = claim.selected;
    }
    CheckAxis(claim, cases, pointer + "/axis");
    claim.varied = VariedPaths(claim.relative_to, config);
    CheckRelativeTo(claim, cases, pointer + "/relative_to");
    claims.push_back(std::move(claim));
  }
  return claims;
}

}  // namespace normsweep
