// Every shipped config, mutated at random: a ConfigError or a valid plan, nothing else, and no
// crash.
#include "harness/run/plan.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <string>
#include <vector>

#include "harness/config/config_error.h"
#include "harness/config/json_file.h"
#include "harness/testing/folder.h"
#include "norms/testing/catch.h"
#include "norms/testing/property.h"
#include "norms/testing/sanitized.h"

namespace normsweep {
namespace {

using Json = nlohmann::ordered_json;

struct Mutated {
  std::string text;
  std::vector<std::string> settings;  // of --set
};

std::ostream& operator<<(std::ostream& out, const Mutated& one) {
  for (const std::string& setting : one.settings) out << "--set " << setting << '\n';
  return out << one.text;
}

template <class Range>
auto& PickFrom(Range& range) {
  return range[*rc::gen::inRange<size_t>(0, range.size())];
}

// Every value of a document, each with the container that holds it.
struct Node {
  Json* parent = nullptr;  // null: the document itself
  std::string key;         // of an object's
  Json* value = nullptr;
};

void Collect(Json* value, Json* parent, const std::string& key, std::vector<Node>* nodes) {
  nodes->push_back({parent, key, value});
  if (value->is_object()) {
    for (auto it = value->begin(); it != value->end(); ++it) {
      Collect(&it.value(), value, it.key(), nodes);
    }
  } else if (value->is_array()) {
    for (Json& one : *value) Collect(&one, value, "", nodes);
  }
}

Json Nested(int levels) {
  Json value = 1;
  for (int i = 0; i < levels; ++i) value = i % 2 == 0 ? Json::array({value}) : Json{{"a", value}};
  return value;
}

Json OddValue() {
  static const std::array<Json, 30> values = {Json(nullptr),
                                              Json(true),
                                              Json(0),
                                              Json(1),
                                              Json(-1),
                                              Json(2),
                                              Json(7),
                                              Json(0.5),
                                              Json(1e308),
                                              Json(-1e-320),
                                              Json(4294967296),
                                              Json(INT64_MAX),
                                              Json(INT64_MIN),
                                              Json(UINT64_MAX),
                                              Json(1e18),
                                              Json(""),
                                              Json("batch"),
                                              Json("../../etc"),
                                              Json("/"),
                                              Json(std::string(3, '\0')),
                                              Json("\xc3\xa9\xe2\x82\xac\"\\\n"),
                                              Json(std::string(5000, 'x')),
                                              Json("sweep.normalizer"),
                                              Json::array(),
                                              Json::object(),
                                              Json::array({1, "a", nullptr}),
                                              Json{{"name", "group"}, {"groups", 0}},
                                              Json{{"", 1}},
                                              Nested(10),
                                              Nested(100)};
  return PickFrom(values);
}

std::string OddKey(const std::vector<Node>& nodes) {
  static const std::array<std::string, 7> keys = {"", "/", "~", "a.b", "name", "sweep", "seed"};
  return *rc::gen::arbitrary<bool>() ? PickFrom(nodes).key : PickFrom(keys);
}

// Changes one thing of the document.
void MutateDocument(Json* document) {
  std::vector<Node> nodes;
  Collect(document, nullptr, "", &nodes);
  const Node node = PickFrom(nodes);
  const bool member = node.parent != nullptr && node.parent->is_object();
  switch (*rc::gen::inRange(0, 7)) {
    case 0: *node.value = OddValue(); return;
    case 1:  // of an array its first
      if (node.parent == nullptr) return;
      if (member) node.parent->erase(node.key);
      if (!member) node.parent->erase(node.parent->begin());
      return;
    case 2:
      if (!member) return;
      {
        const Json value = *node.value;
        node.parent->erase(node.key);
        (*node.parent)[OddKey(nodes)] = value;
      }
      return;
    case 3: {  // two places exchange copies: one may be inside the other
      const Node other = PickFrom(nodes);
      const Json first = *node.value, second = *other.value;
      if (second.size() > first.size()) return;
      *other.value = first;
      return;
    }
    case 4:
      if (node.value->is_array() && !node.value->empty()) {
        const Json copy = node.value->back();
        node.value->push_back(copy);
      }
      return;
    case 5:
      *node.value =
          *rc::gen::arbitrary<bool>() ? Json::array({*node.value}) : Json{{"name", *node.value}};
      return;
    default:
      if (node.value->is_object()) (*node.value)[OddKey(nodes)] = OddValue();
  }
}

// Changes some bytes: what no document can hold (a key given twice, what is not JSON or UTF-8).
void MutateText(std::string* text) {
  const size_t at = *rc::gen::inRange<size_t>(0, text->size() + 1);
  const size_t length = *rc::gen::inRange<size_t>(0, 40);
  switch (*rc::gen::inRange(0, 4)) {
    case 0: text->resize(at); return;
    case 1: text->erase(at, length); return;
    case 2: text->insert(at, text->substr(at, length)); return;
    default:
      static const std::array<std::string, 9> bytes = {
          "\xff", std::string(1, '\0'), "\"", "{", "]", "1e999", "-", "\\ud800", ","};
      text->insert(at, PickFrom(bytes));
  }
}

rc::Gen<Mutated> MutationsOf(const std::vector<Json>& documents) {
  return rc::gen::exec([&documents] {
    Json document = PickFrom(documents);
    const int changes = *rc::gen::inRange(0, 4);
    for (int i = 0; i < changes; ++i) MutateDocument(&document);
    Mutated mutated;
    mutated.text = document.dump(1);
    if (changes == 0 || *rc::gen::inRange(0, 4) == 3) MutateText(&mutated.text);
    if (*rc::gen::inRange(0, 4) == 3) {
      std::vector<Node> nodes;
      Collect(&document, nullptr, "", &nodes);
      mutated.settings.push_back(OddKey(nodes) + "." + OddKey(nodes) + "=" + OddValue().dump());
    }
    return mutated;
  });
}

// At most two seeds, and without claims, which name what is swept, two values of every axis: plans of
// all as they are take 80 ms on average.
std::vector<Json> ShortenedConfigs() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           std::filesystem::path(NORMSWEEP_SOURCE_DIR) / "configs")) {
    const bool config = entry.path().extension() == ".json";
    if (config && entry.path().filename() != "schema.json") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Json> documents;
  for (const std::string& path : paths) {
    Json document = ReadJsonFile(path);
    const auto sweep = document.find("sweep");
    if (sweep != document.end()) {
      for (auto axis = sweep->begin(); axis != sweep->end(); ++axis) {
        if (axis.key() != "seed" && document.contains("claims")) continue;
        while (axis->size() > 2) axis->erase(axis->size() - 1);
      }
    }
    documents.push_back(document);
  }
  return documents;
}

TEST_CASE("mutated configs give an error or a valid plan") {
  const std::vector<Json> documents = ShortenedConfigs();
  CHECK(documents.size() > 30);
  const TestFolder folder;
  int plans = 0, refused = 0;
  testing::CheckProperty("plan", testing::kSanitized ? 60 : 300, [&] {
    const Mutated mutated = *MutationsOf(documents);
    const std::string path = folder.Write("config.json", mutated.text);
    try {
      const Plan plan = MakePlan(path, mutated.settings, Experiments());
      ++plans;
      RC_ASSERT(plan.experiment != nullptr);
      for (const SweepCase& one : plan.cases) RC_ASSERT(one.hash == CaseHash(one.resolved));
    } catch (const ConfigError& error) {
      ++refused;
      RC_ASSERT(!error.message().empty());
    } catch (const std::exception& error) {
      RC_FAIL(std::string("no ConfigError: ") + error.what());
    }
  });
  INFO(plans << " plans, " << refused << " refused");
  CHECK(plans > refused / 20);
}

}  // namespace
}  // namespace normsweep
