#include "harness/experiments/train/train_experiment.h"

#include <iterator>
#include <thread>

#include "harness/config/config_error.h"
#include "harness/experiments/train/train_testing.h"
#include "harness/testing/pointer_of.h"
#include "norms/testing/catch.h"
#include "norms/testing/sanitized.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

Json Case(const char* patch = "{}") {
  Json json = Json::parse(R"({
    "dataset": {"name": "gratings", "train_samples": 200, "validation_samples": 50,
                "test_samples": 51},
    "network": {"name": "cnn", "convolutions": [{"channels": 8, "stride": 2},
                                                {"channels": 16, "stride": 2}]},
    "training": {"epochs": 2, "learning_rate": 0.05, "reference_batch_size": 8,
                 "warmup_fraction": 0.05},
    "recompute": {"samples": 100},
    "normalizer": {"name": "batch", "horizon": 100}, "batch_size": 8, "seed": 3})");
  json.merge_patch(Json::parse(patch));
  return json;
}

const char* const kAll[] = {
    R"({"normalizer": {"name": "none", "horizon": null}})",
    R"({"normalizer": {"name": "batch"}})",
    R"({"normalizer": {"name": "batch_renorm", "ramp": [0.1, 0.5]}})",
    R"({"normalizer": {"name": "layer", "horizon": null}})",
    R"({"normalizer": {"name": "instance", "horizon": null}})",
    R"({"normalizer": {"name": "group", "groups": 4, "horizon": null}})",
    R"({"normalizer": {"name": "weight", "horizon": null}})",
    R"({"normalizer": {"name": "spectral", "horizon": null}})",
    R"({"normalizer": {"name": "weight", "mean_only_batch": true, "horizon": null}})",
    R"({"network": {"noise": {}}})",
    R"({"training": {"spectral_penalty": 0.01}})",
};

TEST_CASE("a training gives the same bits on every run and beside another", "[train][threads]") {
  for (size_t i = 0; i < std::size(kAll); i += testing::Step(4)) {
    const char* patch = kAll[i];
    CAPTURE(patch);
    const Json json = Case(patch);
    const auto experiment = MakeTrainExperiment();
    experiment->Validate(json);
    experiment->Prepare({json}, {});
    const auto once = experiment->Run(json).front().metrics;
    CaseResult a, b;
    std::thread beside([&] { a = experiment->Run(json).front(); });
    b = experiment->Run(json).front();
    beside.join();
    CHECK(once == a.metrics);
    CHECK(once == b.metrics);
    CHECK(once["steps"] == 50);
    CHECK(once["test_error"] < 95);
  }
}

TEST_CASE("what is measured beside a training changes nothing in it", "[train]") {
  for (size_t i = 0; i < std::size(kAll); i += testing::Step(5)) {
    const char* patch = kAll[i];
    CAPTURE(patch);
    Json json = Case(patch);
    json["network"]["activation"] = "sigmoid";
    const auto without = RunTraining(json).metrics;
    json["measure"] = {{"times", 5},
                       {"statistics", true},
                       {"percentiles", true},
                       {"landscape", true},
                       {"covariate_shift", true}};
    const CaseResult with = RunTraining(json);
    for (const auto& [name, value] : without.items()) {
      CAPTURE(name);
      CHECK(with.metrics[name] == value);
    }
    CHECK(with.metrics["landscape_loss_range"].get<double>() >= 0);
    CHECK(with.metrics["covariate_shift_cosine"].get<double>() <= 1);
    CHECK(with.metrics["input_median_drift"].get<double>() > 0);
    CHECK(with.samples["percentile_50"].size() == 5);
    CHECK(with.samples["landscape_beta"].size() == 5);
  }
}

TEST_CASE("what cannot be measured is refused with its place", "[train]") {
  const auto error_of = [](const char* patch) {
    try {
      MakeTrainExperiment()->Validate(Case(patch));
    } catch (const ConfigError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(error_of(R"({"measure": {"percentiles": true}})").find("/measure/percentiles: true") == 0);
  CHECK(error_of(R"({"measure": {"landscape_steps": [1, 0]}})") ==
        "/measure/landscape_steps/1: 0, expected above 0");
  CHECK(error_of(R"({"measure": {"covariate_shift": true},
                     "network": {"name": "resnet", "depth": 8, "convolutions": null}})")
            .find("/measure/covariate_shift: true") == 0);
}

TEST_CASE("a small set is learned by heart", "[train]") {
  for (const char* patch : kAll) {
    CAPTURE(patch);
    Json json = Case(patch);
    json["dataset"]["train_samples"] = 30;
    json["network"]["convolutions"] = {{{"channels", 16}, {"stride", 2}},
                                       {{"channels", 32}, {"stride", 2}}};
    json["training"]["epochs"] = 60;
    json["batch_size"] = 10;
    const CaseResult result = RunTraining(json);
    CHECK(result.status == "ok");
    CHECK(result.metrics["train_error"] == 0);
    CHECK(result.metrics["train_loss"] < 0.2);
  }
}

TEST_CASE("a learning rate out of reach is a row, not a crash", "[train]") {
  const CaseResult result = RunTraining(Case(
      R"({"normalizer": {"name": "none", "horizon": null},
          "training": {"learning_rate": 1e30, "target_error": 5}})"));
  CHECK(result.status == "diverged");
  CHECK_THAT(result.reason, Catch::Matchers::ContainsSubstring("at step"));
  for (const char* metric : {"test_error", "test_error_batch_statistics", "test_error_recomputed",
                             "validation_error", "train_error"}) {
    CHECK(result.metrics[metric] == 90);
  }
  CHECK(result.metrics["test_loss"].is_null());
  CHECK(result.metrics["test_error_per_epoch"] == nlohmann::ordered_json({90.0, 90.0}));
  CHECK(result.metrics["steps_to_target_error"].is_null());
}

TEST_CASE("a last step that diverges counts at chance error too", "[train]") {
  const char* patches[] = {R"({"training": {"epochs": 1}})", R"({"training": {"epochs": 2}})"};
  for (const char* patch : patches) {
    Json json = Case(patch);
    json["normalizer"] = {{"name", "none"}};
    json["batch_size"] = 200;  // one step an epoch
    json["training"]["learning_rate"] = 1e30;
    json["training"]["momentum"] = 0;
    const CaseResult result = RunTraining(json);
    CHECK(result.status == "diverged");
    CHECK(result.metrics["test_error"] == 90);
    for (const auto& error : result.metrics["test_error_per_epoch"]) CHECK(error == 90.0);
  }
}

TEST_CASE("the linear rule scales the rate with the batch", "[train]") {
  CHECK(RunTraining(Case()).metrics["learning_rate"] == 0.05);
  CHECK(RunTraining(Case(R"({"batch_size": 2})")).metrics["learning_rate"] == 0.0125);
  CHECK(RunTraining(Case(R"({"batch_size": 2, "training": {"reference_batch_size": null}})"))
            .metrics["learning_rate"] == 0.05);
}

TEST_CASE("the last short batch is dropped or kept", "[train]") {
  CHECK(RunTraining(Case(R"({"batch_size": 7})")).metrics["steps"] == 56);  // 200 = 28 * 7 + 4
  CHECK(RunTraining(Case(R"({"batch_size": 7, "training": {"drop_last": false}})"))
            .metrics["steps"] == 58);
  CHECK(RunTraining(Case(R"({"batch_size": 1})")).metrics["steps"] == 400);
}

TEST_CASE("errors are measured on the way", "[train]") {
  const auto metrics =
      RunTraining(Case(R"({"training": {"target_error": 99, "evaluations_per_epoch": 5}})"))
          .metrics;
  CHECK(metrics["steps_to_target_error"] == 5);
  CHECK(metrics["test_error_per_epoch"].size() == 2);
  CHECK(metrics["test_error_per_epoch"][1] == metrics["test_error"]);
}

TEST_CASE("normalizers that stay within a sample have one test error", "[train]") {
  for (const char* patch : {kAll[0], kAll[3], kAll[4], kAll[5], kAll[6], kAll[7]}) {
    const auto metrics = RunTraining(Case(patch)).metrics;
    CHECK(metrics["test_error"] == metrics["test_error_batch_statistics"]);
    CHECK(metrics["test_loss"] == metrics["test_loss_recomputed"]);
  }
  const auto batch = RunTraining(Case()).metrics;
  CHECK(batch["test_loss"] != batch["test_loss_batch_statistics"]);
  CHECK(batch["test_loss"] != batch["test_loss_recomputed"]);
  const auto untracked =
      RunTraining(Case(R"({"normalizer": {"horizon": null, "track_running_stats": false}})"))
          .metrics;
  CHECK(untracked["test_loss"] == untracked["test_loss_batch_statistics"]);
}

TEST_CASE("normalization_batch_size reaches what crosses samples and nothing else", "[train]") {
  const auto loss = [](const char* patch) {
    return RunTraining(Case(patch)).metrics["train_loss"];
  };
  CHECK(loss(R"({"normalization_batch_size": 2})") != loss("{}"));
  CHECK(loss(R"({"normalization_batch_size": 8})") == loss("{}"));

  const auto experiment = MakeTrainExperiment();
  Json json = Case(kAll[5]);
  experiment->Prepare({json}, {});
  const CaseResult plain = experiment->Run(json).front();
  json["normalization_batch_size"] = 2;
  const CaseResult two = experiment->Run(json).front();
  json["normalization_batch_size"] = 4;
  const CaseResult four = experiment->Run(json).front();
  CHECK(plain.metrics == two.metrics);
  CHECK(two.metrics == four.metrics);
  CHECK(two.timings == four.timings);  // computed once
  CHECK(plain.reason.empty());
  CHECK_THAT(four.reason, Catch::Matchers::ContainsSubstring("does not depend"));
}

std::string PointerOf(const char* patch) {
  return normsweep::PointerOf([&] { MakeTrainExperiment()->Validate(Case(patch)); });
}

TEST_CASE("a case that cannot be is refused before any work", "[train]") {
  CHECK(PointerOf("{}") == "no error");
  CHECK(PointerOf(R"({"normalizer": {"name": "group", "groups": 3, "horizon": null}})") ==
        "/normalizer/groups");
  CHECK(PointerOf(R"({"normalizer": {"name": "grp", "horizon": null}})") == "/normalizer/name");
  CHECK(PointerOf(R"({"normalizer": {"epsilon": 1}})") == "/normalizer/epsilon");
  CHECK(PointerOf(R"({"normalizer": {"backend": "reference"}})") == "/normalizer/backend");
  CHECK(PointerOf(R"({"normalizer": {"activation": "relu"}})") == "/normalizer/activation");
  CHECK(PointerOf(R"({"normalizer": {"ramp": [0, 1]}})") == "/normalizer/ramp");
  CHECK(PointerOf(R"({"normalizer": {"name": "batch_renorm", "ramp": [0.5, 0.1]}})") ==
        "/normalizer/ramp/1");
  CHECK(PointerOf(R"({"normalizer": {"name": "weight", "init_samples": -1, "horizon": null}})") ==
        "/normalizer/init_samples");
  CHECK(PointerOf(R"({"normalization_batch_size": 3})") == "/normalization_batch_size");
  CHECK(PointerOf(R"({"normalizer": {"normalization_batch_size": 2}})") ==
        "/normalizer/normalization_batch_size");
  CHECK(PointerOf(R"({"normalization_batch_size": 4, "recompute": {"batch_size": 6}})") ==
        "/recompute/batch_size");
  CHECK(PointerOf(R"({"batch_size": 12, "normalization_batch_size": 6,
                      "training": {"drop_last": false}})") == "/training/drop_last");
  CHECK(PointerOf(R"({"batch_size": 201})") == "/batch_size");
  CHECK(PointerOf(R"({"batch_size": 0})") == "/batch_size");
  CHECK(PointerOf(R"({"training": {"momentum": 1}})") == "/training/momentum");
  CHECK(PointerOf(R"({"training": {"learning_rate": 0}})") == "/training/learning_rate");
  CHECK(PointerOf(R"({"training": {"schedule": "step"}})") == "/training/schedule");
  CHECK(PointerOf(R"({"trainings": {}})") == "/trainings");
  // One value a set: instance norm of a fully connected layer, batch norm of a single sample there.
  const char* mlp = R"({"network": {"name": "mlp", "convolutions": null, "hidden": [4]},)";
  const auto in_mlp = [&](const char* rest) {
    return PointerOf((std::string(mlp) + rest).c_str());
  };
  CHECK(in_mlp(R"("normalizer": {"name": "instance", "horizon": null}})") == "/normalizer");
  CHECK(in_mlp(R"("batch_size": 1})") == "/normalizer");
  CHECK(in_mlp(R"("batch_size": 199, "training": {"drop_last": false}})") == "/normalizer");
  CHECK(in_mlp(R"("batch_size": 199})") == "no error");
}

}  // namespace
}  // namespace normsweep
