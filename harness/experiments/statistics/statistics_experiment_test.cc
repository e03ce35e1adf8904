#include "harness/experiments/statistics/statistics_experiment.h"

#include <sstream>

#include "harness/config/config_error.h"
#include "harness/experiments/statistics/statistics_tables.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

Json Gaussian() {
  return {{"experiment", "statistics"},
          {"gaussian", {{"channels", 8}, {"positions", 9}, {"correlation", 0.4}}},
          {"population_samples", 1000},
          {"draws", 100},
          {"batch_size", 4},
          {"seed", 1}};
}

Json Network(const char* network) {
  return {{"experiment", "statistics"},
          {"dataset", {{"name", "gratings"}}},
          {"network", Json::parse(network)},
          {"population_samples", 300},
          {"draws", 50},
          {"batch_size", 2}};
}

const char* const kMlp = R"({"name": "mlp", "hidden": [20, 10]})";
const char* const kCnn = R"({"name": "cnn", "convolutions": [{"channels": 8, "stride": 2},
                                                             {"channels": 16, "stride": 2}]})";

std::vector<CaseResult> RunCase(const Json& json) {
  const auto experiment = MakeStatisticsExperiment();
  experiment->Validate(json);
  experiment->Prepare({json}, {});
  return experiment->Run(json);
}

std::string ErrorOf(const Json& json) {
  try {
    MakeStatisticsExperiment()->Validate(json);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("a Gaussian of given correlation has that rho and the error that follows") {
  const auto rows = RunCase(Gaussian());
  REQUIRE(rows.size() == 1);
  const auto& m = rows[0].metrics;
  CHECK(m["rho"].get<double>() == Approx(0.4 + 0.6 / 9).epsilon(0.1));
  CHECK(m["mean_error"].get<double>() == Approx(m["mean_error_theory"].get<double>()).epsilon(0.1));
  CHECK(m["batch_size_for_level"] == std::ceil(m["rho"].get<double>() * 100));
}

TEST_CASE("a network has a row for each normalizer, and a fully connected layer rho 1") {
  const auto mlp = RunCase(Network(kMlp));
  REQUIRE(mlp.size() == 2);
  for (const CaseResult& row : mlp) CHECK(row.metrics["rho"].get<double>() == Approx(1));
  const auto cnn = RunCase(Network(kCnn));
  REQUIRE(cnn.size() == 2);
  CHECK(cnn[1].columns["layer"] == 2);
  CHECK(cnn[0].metrics["positions"] == 64);
  for (const CaseResult& row : cnn) {
    CHECK(row.metrics["rho"] < 0.9);
    CHECK(row.metrics["rho"] > 0.02);
    CHECK(row.metrics["mean_error"].get<double>() ==
          Approx(row.metrics["mean_error_theory"].get<double>()).epsilon(0.2));
  }
}

TEST_CASE("the same bits on every run, others with another seed") {
  Json json = Network(kCnn);
  const auto once = RunCase(json), again = RunCase(json);
  CHECK(once[0].metrics == again[0].metrics);
  json["seed"] = 2;
  CHECK(RunCase(json)[0].metrics != once[0].metrics);
}

TEST_CASE("one value a channel is skipped, with its reason") {
  Json json = Network(kMlp);
  json["batch_size"] = 1;
  const auto rows = RunCase(json);
  CHECK(rows[0].status == "SKIPPED");
  CHECK(rows[0].reason == "one value a channel has no variance");
  CHECK(rows[0].metrics.empty());
}

TEST_CASE("mistakes are named with their place") {
  Json wrong = Gaussian();
  wrong["batch_size"] = 1001;
  CHECK(ErrorOf(wrong).find("/batch_size: 1001, expected at most the 1000 samples") == 0);
  wrong = Gaussian();
  wrong["dataset"] = {{"name", "gratings"}};
  CHECK(ErrorOf(wrong).find("/gaussian: ") == 0);
  wrong = Gaussian();
  wrong.erase("gaussian");
  CHECK(ErrorOf(wrong).find("/gaussian: ") == 0);
  wrong = Gaussian();
  wrong["gaussian"]["correlation"] = 2;
  CHECK(ErrorOf(wrong).find("/gaussian/correlation: ") == 0);
  wrong = Network(kMlp);
  wrong["population_samples"] = 100000;
  CHECK(ErrorOf(wrong).find("/population_samples: ") == 0);
}

TEST_CASE("the table has a line per layer and a column per batch size") {
  Config config;
  config.document = {{"level", 0.2}};
  std::vector<ResultRow> rows;
  for (const int size : {2, 4}) {
    for (const int layer : {1, 2}) {
      ResultRow row;
      row.columns = {{"layer", layer}, {"batch_size", size}, {"seed", 1}};
      row.result.metrics = {{"rho", 0.3},
                            {"mean_error", 1.0 / size},
                            {"mean_error_theory", 0.9 / size},
                            {"batch_size_for_level", 8}};
      rows.push_back(row);
    }
  }
  std::ostringstream out;
  PrintStatisticsTables(config, rows, {}, &out);
  CHECK(out.str().find("layer   rho            2            4  enough") != std::string::npos);
  CHECK(out.str().find("1      0.30  0.50 (0.45)  0.25 (0.23)       8") != std::string::npos);
  CHECK(out.str().find("below 0.2") != std::string::npos);
}

}  // namespace
}  // namespace normsweep
