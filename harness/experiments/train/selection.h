// Fair comparison: a value of the config, most often the learning rate, chosen for each normalizer
// and batch size by the error on validation data, with seeds that are not reported. One value for
// all normalizers would decide the winner by accident.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/experiments/experiment.h"

namespace normsweep {

struct ValueSelection {
  std::string path;  // "training.learning_rate"
  std::vector<nlohmann::json> values;
  std::string metric = "validation_error";  // the least mean over the seeds wins
  std::vector<int64_t> seeds;
};

// Of a resolved case's "select". Throws ConfigError: a path that the case has besides, the test
// data's metrics, a seed of the sweep among the seeds.
ValueSelection ReadSelection(const nlohmann::json& resolved_case);

// The trainings that decide: one for each value (in order) and seed (fastest), without "select".
std::vector<nlohmann::json> TrialsOf(const nlohmann::json& resolved_case,
                                     const ValueSelection& selection);
// The case itself with that value.
nlohmann::json WithValue(const nlohmann::json& resolved_case, const ValueSelection& selection,
                         const nlohmann::json& value);

// Mean of the metric for each value, over the seeds; infinite where a trial has none, so that a
// value that diverged once never wins by its other seeds.
std::vector<double> SelectionCurve(const ValueSelection& selection,
                                   const std::vector<CaseResult>& trials);
// The first of the least ones.
size_t Best(const std::vector<double>& curve);

// The choice and its curve into a case's results: selected_learning_rate and
// validation_error_value_1, ...
void PutSelection(const ValueSelection& selection, const std::vector<double>& curve, size_t best,
                  CaseResult* result);

}  // namespace normsweep
