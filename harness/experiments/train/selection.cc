#include "harness/experiments/train/selection.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/config/json_file.h"
#include "harness/config/schema.h"
#include "harness/config/sweep.h"
#include "harness/nn/config_reader.h"
#include "harness/report/metrics.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

void ReadSeeds(ConfigReader* reader, const Json& resolved_case, ValueSelection* selection) {
  const Json* seeds = reader->Array("seeds");
  for (size_t i = 0; seeds != nullptr && i < seeds->size(); ++i) {
    const std::string pointer = "/select/seeds/" + std::to_string(i);
    const int64_t seed = RequireInteger((*seeds)[i], 0, pointer);
    if (seed == resolved_case.value("seed", int64_t{1})) {
      throw ConfigError(pointer, std::to_string(seed) +
                                     " is a seed of the sweep, expected one that is not reported");
    }
    selection->seeds.push_back(seed);
  }
}

}  // namespace

ValueSelection ReadSelection(const Json& resolved_case) {
  ValueSelection selection;
  ConfigReader reader(resolved_case.at("select"), "/select");
  for (const char* key : {"path", "values", "seeds"}) reader.Require(key);
  selection.path = reader.Any("path")->get<std::string>();
  const Json* values = reader.Array("values");
  selection.values.assign(values->begin(), values->end());
  reader.Choice("metric", &selection.metric,
                {{"validation_error", std::string("validation_error")},
                 {"validation_loss", std::string("validation_loss")}});
  ReadSeeds(&reader, resolved_case, &selection);
  reader.Finish();
  if (FindSchema("train", SplitPath(selection.path)) == nullptr) {
    throw ConfigError("/select/path",
                      "\"" + selection.path + "\", expected a path such as training.learning_rate");
  }
  if (selection.path == "seed" || selection.path.starts_with("dataset")) {
    throw ConfigError("/select/path", "\"" + selection.path +
                                          "\", expected no seed, of which the trials have their "
                                          "own, and nothing of the data set, which they share");
  }
  if (resolved_case.contains(Json::json_pointer(PointerOf(selection.path)))) {
    throw ConfigError("/select/path", PointerOf(selection.path) +
                                          " is given or swept as well, expected one of the two");
  }
  return selection;
}

Json WithValue(const Json& resolved_case, const ValueSelection& selection, const Json& value) {
  Json with = resolved_case;
  with.erase("select");
  with[Json::json_pointer(PointerOf(selection.path))] = value;
  return with;
}

std::vector<Json> TrialsOf(const Json& resolved_case, const ValueSelection& selection) {
  std::vector<Json> trials;
  for (const Json& value : selection.values) {
    for (const int64_t seed : selection.seeds) {
      trials.push_back(WithValue(resolved_case, selection, value));
      trials.back()["seed"] = seed;
    }
  }
  return trials;
}

std::vector<double> SelectionCurve(const ValueSelection& selection,
                                   const std::vector<CaseResult>& trials) {
  std::vector<double> curve;
  const size_t seeds = selection.seeds.size();
  for (size_t i = 0; i < selection.values.size(); ++i) {
    double sum = 0;
    for (size_t s = 0; s < seeds; ++s) {
      const CaseResult& trial = trials[i * seeds + s];
      const auto value =
          FiniteNumber(trial.metrics.value(selection.metric, nlohmann::ordered_json()));
      const bool counts = value && trial.status != "diverged";  // which is reported as chance
      sum += counts ? *value : std::numeric_limits<double>::infinity();
    }
    curve.push_back(sum / static_cast<double>(seeds));
  }
  return curve;
}

size_t Best(const std::vector<double>& curve) {
  return static_cast<size_t>(std::min_element(curve.begin(), curve.end()) - curve.begin());
}

void PutSelection(const ValueSelection& selection, const std::vector<double>& curve, size_t best,
                  CaseResult* result) {
  result->metrics["selected_" + SplitPath(selection.path).back()] = selection.values[best];
  result->metrics[selection.metric + "_per_value"] = curve;
  if (!std::isfinite(curve[best])) {
    result->reason += std::string(result->reason.empty() ? "" : "; ") +
                      "every value had a trial that diverged: the first one was taken";
  }
}

}  // namespace normsweep
