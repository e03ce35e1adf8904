// Trainings whose weights are normalized, penalized or measured.
#include <algorithm>

#include "harness/config/config_error.h"
#include "harness/experiments/train/train_testing.h"
#include "harness/testing/pointer_of.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

Json WeightsCase(const char* patch) {
  Json json = Json::parse(R"({
    "dataset": {"name": "gratings", "train_samples": 200, "validation_samples": 50,
                "test_samples": 51},
    "network": {"name": "cnn", "convolutions": [{"channels": 8, "stride": 2},
                                                {"channels": 16, "stride": 2}]},
    "training": {"epochs": 2, "learning_rate": 0.05},
    "normalizer": {"name": "none"}, "batch_size": 8, "seed": 3,
    "measure": {"singular_values": true}})");
  json.merge_patch(Json::parse(patch));
  return json;
}

CaseResult RunWeightsCase(const char* patch) { return RunTraining(WeightsCase(patch)); }

TEST_CASE("spectral norm's weights have a largest singular value of 1", "[train]") {
  const auto metrics = RunWeightsCase(R"({"normalizer": {"name": "spectral"}})").metrics;
  // The power iteration is a step behind the weights.
  CHECK(metrics["largest_singular_value"].get<double>() == Approx(1).margin(0.02));
  const auto& layers = metrics["singular_value_per_layer"];
  REQUIRE(layers.size() == 3);
  CHECK(layers[0].get<double>() == Approx(1).margin(0.02));
  CHECK(layers[1].get<double>() == Approx(1).margin(0.02));
  CHECK(layers[2].get<double>() > 0.1);  // the last layer has no normalizer
  CHECK(metrics["largest_singular_value"] == std::max(layers[0], layers[1]));
}

TEST_CASE("singular values are measured where they are asked for", "[train]") {
  for (const char* patch : {R"({"measure": null})", R"({"measure": {"singular_values": false}})"}) {
    const auto metrics = RunWeightsCase(patch).metrics;
    CHECK_FALSE(metrics.contains("largest_singular_value"));
    CHECK_FALSE(metrics.contains("singular_value_per_layer"));
  }
  const CaseResult diverged = RunWeightsCase(R"({"training": {"learning_rate": 1e30}})");
  CHECK(diverged.status == "diverged");
  CHECK(diverged.metrics["largest_singular_value"].is_null());
  CHECK(diverged.metrics["singular_value_per_layer"].dump() == "[null,null,null]");
}

TEST_CASE("the spectral penalty makes the largest singular value smaller", "[train]") {
  const auto largest = [](const char* patch) {
    return RunWeightsCase(patch).metrics["largest_singular_value"].get<double>();
  };
  const double without = largest("{}");
  CHECK(largest(R"({"training": {"spectral_penalty": 0}})") == without);
  CHECK(largest(R"({"training": {"spectral_penalty": 0.1}})") < 0.95 * without);
}

TEST_CASE("mean-only batch norm is evaluated as what crosses samples", "[train]") {
  const auto metrics = [](const char* patch) { return RunWeightsCase(patch).metrics; };
  const auto whole = metrics(R"({"normalizer": {"name": "weight", "mean_only_batch": true}})");
  const auto by_two = metrics(R"({"normalizer": {"name": "weight", "mean_only_batch": true},
                                  "normalization_batch_size": 2})");
  CHECK(whole["train_loss"] != by_two["train_loss"]);
  CHECK(whole["test_loss"] != whole["test_loss_batch_statistics"]);
  CHECK(whole["test_loss"] != whole["test_loss_recomputed"]);
  CHECK(whole["parameters"] == metrics(R"({"normalizer": {"name": "weight"}})")["parameters"]);
}

TEST_CASE("noise is in the training alone and takes part in it", "[train]") {
  const auto metrics = [](const char* patch) { return RunWeightsCase(patch).metrics; };
  const auto silent =
      metrics(R"({"network": {"noise": {"mean": 0, "deviation": 1, "sample_spread": 0}}})");
  CHECK(silent == metrics("{}"));
  const auto noisy = metrics(R"({"network": {"noise": {}}})");
  CHECK(noisy["train_loss"] != silent["train_loss"]);
  CHECK(noisy["test_loss"] == noisy["test_loss_batch_statistics"]);
}

std::string WeightsPointerOf(const char* patch) {
  return normsweep::PointerOf([&] { MakeTrainExperiment()->Validate(WeightsCase(patch)); });
}

TEST_CASE("what weights cannot be is refused before any work", "[train]") {
  CHECK(WeightsPointerOf("{}") == "no error");
  CHECK(WeightsPointerOf(R"({"training": {"spectral_penalty": -1}})") ==
        "/training/spectral_penalty");
  for (const char* patch :
       {R"({"training": {"spectral_penalty": 0.1}, "normalizer": {"name": "spectral"}})",
        R"({"training": {"spectral_penalty": 0.1}, "normalizer": {"name": "weight"}})"}) {
    CHECK(WeightsPointerOf(patch) == "/training/spectral_penalty");
  }
  CHECK(WeightsPointerOf(
            R"({"training": {"spectral_penalty": 0.1}, "normalizer": {"name": "batch"}})") ==
        "no error");
  CHECK(WeightsPointerOf(R"({"measure": {"singular_value": true}})") == "/measure/singular_value");
  CHECK(WeightsPointerOf(R"({"normalizer": {"name": "weight", "mean_only_batch": 1}})") ==
        "/normalizer/mean_only_batch");
  CHECK(WeightsPointerOf(R"({"normalizer": {"name": "batch", "mean_only_batch": true}})") ==
        "/normalizer/mean_only_batch");
  CHECK(WeightsPointerOf(R"({"normalizer": {"name": "weight", "mean_only_batch": true},
                      "normalization_batch_size": 3})") == "/normalization_batch_size");
  CHECK(WeightsPointerOf(R"({"network": {"noise": {"deviation": 0}}})") ==
        "/network/noise/deviation");
}

}  // namespace
}  // namespace normsweep
