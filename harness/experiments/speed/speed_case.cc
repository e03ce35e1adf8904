#include "harness/experiments/speed/speed_case.h"

#include <algorithm>

#include "harness/config/config_error.h"
#include "harness/config/sweep.h"
#include "harness/experiments/check/suites.h"
#include "harness/experiments/speed/contestant.h"
#include "harness/nn/saturated.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

// For whose channels a normalizer is made, here already, to see whether it can be: 16 MB at most.
constexpr int64_t kMostChannels = 1 << 20;

Shape ReadShape(const Json& dims, Layout layout, const std::string& pointer) {
  auto sizes = dims.get<std::vector<int64_t>>();
  if (sizes.size() > 1 && sizes[1] > kMostChannels) {
    throw ConfigError(pointer, std::to_string(sizes[1]) + " channels, expected at most " +
                                   std::to_string(kMostChannels));
  }
  if (layout == Layout::kChannelsLast) {
    std::rotate(sizes.begin() + 1, sizes.begin() + 2, sizes.end());  // [N, C, ...] to [N, ..., C]
  }
  try {
    return MakeShape(sizes, layout);
  } catch (const ShapeError& error) {
    throw ConfigError(pointer, error.what());
  }
}

TimedCall ReadCall(const std::string& mode) {
  if (mode == "eval") return TimedCall::kEval;
  return mode == "backward" ? TimedCall::kBackward : TimedCall::kTrain;
}

// The native version must exist for these channels: a group count must divide them. A tensor of one
// sample and one pixel, so that nothing large is made for a mere look.
void CheckNormalizer(const NormalizerSpec& spec, const Shape& shape, const std::string& pointer) {
  try {
    Create(spec, {1, shape.c, 1, shape.layout});
  } catch (const UnknownNameError& error) {
    throw ConfigError(pointer + "/name", error.what());
  } catch (const OptionError& error) {
    throw ConfigError(pointer + error.pointer(),
                      error.message() + " (for " + shape.ToString() + ")");
  }
}

const Json& Require(const Json& resolved_case, const char* key, const char* expected) {
  const auto found = resolved_case.find(key);
  if (found == resolved_case.end()) {
    throw ConfigError(std::string("/") + key,
                      std::string("missing, expected ") + expected + ", or `groups`");
  }
  return *found;
}

// The values of one key of a group.
struct Choice {
  const char* key;      // of the group: an array
  const char* of_case;  // of the cases that it makes
};

// Every combination, the last choice fastest. A missing array leaves the key out.
std::vector<Json> Product(const Json& group, const std::vector<Choice>& choices) {
  std::vector<Json> made = {Json::object()};
  for (const Choice& choice : choices) {
    if (!group.contains(choice.key)) continue;
    std::vector<Json> next;
    for (const Json& one : made) {
      for (const Json& value : group[choice.key]) {
        next.push_back(one);
        next.back()[choice.of_case] = value;
      }
    }
    made = std::move(next);
  }
  return made;
}

bool IsFirst(const Json& values, const Json& value) { return values.front() == value; }

// The shapes of a group, batch sizes in place.
std::vector<Json> ShapesOf(const Json& group) {
  std::vector<Json> shapes;
  for (const Json& dims : group["shapes"]) {
    if (!group.contains("batch_sizes")) {
      shapes.push_back(dims);
      continue;
    }
    for (const Json& n : group["batch_sizes"]) {
      Json whole = Json::array({n});  // {n} alone is an array to GCC, a copy of n to clang
      whole.insert(whole.end(), dims.begin(), dims.end());
      shapes.push_back(whole);
    }
  }
  return shapes;
}

// How many cases it makes, before one of them is.
Saturated NumCases(const Json& group) {
  Saturated cases = 1;
  for (const auto& [key, values] : group.items()) cases *= static_cast<int64_t>(values.size());
  return cases;
}

void CheckGroup(const Json& group, const std::string& pointer) {
  const std::vector<Json> shapes = ShapesOf(group);
  const size_t per_entry = shapes.size() / group["shapes"].size();
  for (size_t i = 0; i < shapes.size(); ++i) {
    const std::string place = pointer + "/shapes/" + std::to_string(i / per_entry);
    const Shape shape = ReadShape(shapes[i], Layout::kChannelsFirst, place);
    for (size_t j = 0; j < group["normalizers"].size(); ++j) {
      CheckNormalizer(SpecOf(group["normalizers"][j], "native"), shape,
                      pointer + "/normalizers/" + std::to_string(j));
    }
  }
}

}  // namespace

SpeedCase ReadSpeedCase(const Json& resolved_case) {
  SpeedCase one;
  const Json& normalizer = Require(resolved_case, "normalizer", "an object with a name");
  const Json& dims = Require(resolved_case, "shape", "a tensor's sizes [N, C, ...]");
  one.spec = SpecOf(normalizer, "native");
  one.label = ObjectLabel(normalizer);
  one.shape = ReadShape(dims, LayoutOf(resolved_case.value("layout", "channels_first")), "/shape");
  one.shape_text = dims.dump();
  one.mode = resolved_case.value("mode", one.mode);
  one.call = ReadCall(one.mode);
  one.cold = resolved_case.value("cache", "hot") == "cold";
  if (const auto threads = resolved_case.find("threads");
      threads != resolved_case.end() && !threads->is_null()) {
    one.threads = threads->get<int>();
  }
  for (const ContestantKind& kind : ContestantKinds()) one.contestants.emplace_back(kind.name);
  one.contestants = resolved_case.value("contestants", one.contestants);
  one.repetitions = resolved_case.value("repetitions", one.repetitions);
  one.min_time = resolved_case.value("min_time", one.min_time);
  one.max_time = resolved_case.value("max_time", one.max_time);
  one.seed = resolved_case.value("seed", one.seed);
  CheckNormalizer(one.spec, one.shape, "/normalizer");
  return one;
}

std::vector<Json> ExpandGroups(const Json& config) {
  std::vector<Json> cases;
  const Json groups = config.value("groups", Json::array());
  Saturated number;
  for (const Json& group : groups) number += NumCases(group);
  if (number > kMaxCases) {
    throw ConfigError("/groups", std::to_string(number.value()) + " cases, expected at most " +
                                     std::to_string(kMaxCases));
  }
  for (size_t i = 0; i < groups.size(); ++i) {
    Json group = groups[i];
    CheckGroup(group, "/groups/" + std::to_string(i));
    group["shapes"] = ShapesOf(group);
    for (Json& one : Product(group, {{"normalizers", "normalizer"},
                                     {"shapes", "shape"},
                                     {"layouts", "layout"},
                                     {"modes", "mode"},
                                     {"caches", "cache"},
                                     {"threads", "threads"}})) {
      const bool flat = one["shape"].size() == 2;
      if (flat && one.contains("layout") && !IsFirst(group["layouts"], one["layout"])) continue;
      for (const auto& [key, value] : config.items()) {
        if (key != "$schema" && key != "name" && key != "groups") one.emplace(key, value);
      }
      cases.push_back(std::move(one));
    }
  }
  return cases;
}

}  // namespace normsweep
