#include "harness/experiments/train/selection.h"

#include <cmath>
#include <limits>

#include "harness/config/config_error.h"
#include "harness/experiments/train/train_experiment.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

Json SelectionCase() {
  return {
      {"experiment", "train"},
      {"dataset",
       {{"name", "gratings"},
        {"train_samples", 2000},
        {"validation_samples", 500},
        {"test_samples", 100}}},
      {"network", {{"name", "mlp"}, {"hidden", {32}}}},
      {"normalizer", {{"name", "layer"}}},
      {"training", {{"epochs", 1}}},
      {"batch_size", 10},
      {"seed", 1},
      {"select",
       {{"path", "training.learning_rate"}, {"values", {1e-6, 0.05, 1e6}}, {"seeds", {101, 102}}}}};
}

std::string ErrorOf(const Json& resolved_case) {
  try {
    MakeTrainExperiment()->Validate(resolved_case);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("the trials are every value with every seed, and not the case's own") {
  const ValueSelection selection = ReadSelection(SelectionCase());
  const auto trials = TrialsOf(SelectionCase(), selection);
  REQUIRE(trials.size() == 6);
  CHECK(trials[0]["training"]["learning_rate"] == 1e-6);
  CHECK(trials[0]["seed"] == 101);
  CHECK(trials[1]["seed"] == 102);
  CHECK(trials[5]["training"]["learning_rate"] == 1e6);
  for (const Json& trial : trials) CHECK_FALSE(trial.contains("select"));
  Json other_seed = SelectionCase();
  other_seed["seed"] = 7;
  CHECK(TrialsOf(other_seed, selection) == trials);
}

TEST_CASE("the least mean wins, the first of equals, and what failed once never does") {
  ValueSelection selection;
  selection.values = {1, 2, 3, 4};
  selection.seeds = {1, 2};
  std::vector<CaseResult> trials(8);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> errors = {9, 7, 4, 6, 5, 5, nan, 0};
  for (size_t i = 0; i < trials.size(); ++i) {
    trials[i].metrics["validation_error"] = errors[i];
  }
  const std::vector<double> curve = SelectionCurve(selection, trials);
  CHECK(curve[0] == 8);
  CHECK(curve[1] == 5);
  CHECK(curve[2] == 5);
  CHECK(std::isinf(curve[3]));
  CHECK(Best(curve) == 1);
  trials[2].status = "diverged";
  CHECK(std::isinf(SelectionCurve(selection, trials)[1]));
}

TEST_CASE("a case is trained with the selected value, which its results name with the curve") {
  const auto experiment = MakeTrainExperiment();
  experiment->Prepare({SelectionCase()}, {});
  const CaseResult selected = experiment->Run(SelectionCase()).front();
  CHECK(selected.metrics["selected_learning_rate"] == 0.05);
  CHECK(selected.metrics["validation_error_per_value"].size() == 3);
  CHECK(selected.metrics["validation_error_per_value"][1] <
        selected.metrics["validation_error_per_value"][0]);
  Json plain = SelectionCase();
  plain.erase("select");
  plain["training"]["learning_rate"] = 0.05;
  const CaseResult direct = experiment->Run(plain).front();
  CHECK(direct.metrics["test_loss"] == selected.metrics["test_loss"]);
  CHECK(experiment->Trials(SelectionCase()).size() == 6);
  CHECK(experiment->Trials(plain).empty());
}

TEST_CASE("a selection none of whose values trained says so") {
  const double infinity = std::numeric_limits<double>::infinity();
  ValueSelection selection = ReadSelection(SelectionCase());
  CaseResult result;
  PutSelection(selection, {infinity, infinity, infinity}, 0, &result);
  CHECK(result.reason.find("every value had a trial that diverged") == 0);
  CaseResult good;
  PutSelection(selection, {infinity, 1, infinity}, 1, &good);
  CHECK(good.reason.empty());
}

TEST_CASE("a selection's mistakes are named with their place") {
  CHECK(ErrorOf(SelectionCase()).empty());
  Json wrong = SelectionCase();
  wrong["select"]["seeds"][1] = 1;
  CHECK(ErrorOf(wrong).find("/select/seeds/1: 1 is a seed of the sweep") == 0);
  wrong = SelectionCase();
  wrong["training"]["learning_rate"] = 0.1;
  CHECK(ErrorOf(wrong).find("/select/path: /training/learning_rate is given or swept as well") ==
        0);
  wrong = SelectionCase();
  wrong["select"]["path"] = "training.rate";
  CHECK(ErrorOf(wrong).find("/select/path: \"training.rate\"") == 0);
  wrong = SelectionCase();
  wrong["select"]["values"][1] = -1;
  CHECK(ErrorOf(wrong).find("/select/values/1: -1") == 0);
  for (const char* path : {"seed", "dataset.train_samples"}) {
    wrong = SelectionCase();
    wrong["select"]["path"] = path;
    CHECK(ErrorOf(wrong).find("/select/path: \"" + std::string(path) + "\", expected no seed") ==
          0);
  }
  wrong = SelectionCase();
  wrong["select"]["metric"] = "test_error";
  CHECK(ErrorOf(wrong).find("/select/metric: ") == 0);
}

}  // namespace
}  // namespace normsweep
