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

TEST_CASE("a normalizer adds the metrics of its running statistics and changes no other") {
  for (const int batch_size : {2, 3}) {
    Json json = Gaussian();
    json["batch_size"] = batch_size;
    json["gaussian"]["positions"] = 1;
    const auto plain = RunCase(json);
    json["normalizer"] = {{"name", "batch"}, {"dialect", "keras"}};
    json["updates"] = 10;
    json["running_images"] = 50;
    auto m = RunCase(json)[0].metrics;
    CHECK(m["running_mean_error"] > 0);
    // 0.99^10 of the start is left, and the Gaussian has variance 1.
    CHECK(m["running_variance_ratio"].get<double>() == Approx(1).margin(0.3));
    CHECK(m["dialect_distance"] > 0);
    CHECK(m["train_distance"] > 0);
    json["normalizer"] = {{"name", "batch"}};
    const auto pytorch = RunCase(json)[0].metrics;
    CHECK(pytorch["dialect_distance"] == 0);
    CHECK(pytorch["eval_distance"] != m["eval_distance"]);
    for (const char* name : {"running_mean_error", "running_variance_ratio", "eval_distance",
                             "dialect_distance", "train_distance"}) {
      CHECK(m.erase(name) == 1);
    }
    CHECK(m == plain[0].metrics);
  }
}

TEST_CASE("running statistics are measured in each layer, and skipped with one value a channel") {
  Json json = Network(kCnn);
  json["normalizer"] = {{"name", "batch"}, {"dialect", "flax"}};
  json["updates"] = 5;
  const auto rows = RunCase(json);
  REQUIRE(rows.size() == 2);
  for (const CaseResult& row : rows) CHECK(row.metrics["dialect_distance"] > 0);
  CHECK(rows[0].metrics["dialect_distance"] != rows[1].metrics["dialect_distance"]);
  json["network"] = Json::parse(kMlp);
  json["batch_size"] = 1;
  CHECK(RunCase(json)[0].status == "SKIPPED");
}

TEST_CASE("a normalizer without comparable running statistics is a mistake") {
  const auto error_with = [](const char* key, const Json& value) {
    Json wrong = Gaussian();
    wrong["normalizer"] = {{"name", "batch"}};
    wrong["normalizer"][key] = value;
    return ErrorOf(wrong);
  };
  CHECK(error_with("name", "group").find("/normalizer/name: \"group\", expected \"batch\"") == 0);
  CHECK(error_with("backend", "onednn").find("/normalizer/backend: ") == 0);
  CHECK(error_with("dialect", "theano").find("/normalizer/dialect: ") == 0);
  CHECK(error_with("track_running_stats", false).find("/normalizer/track_running_stats: ") == 0);
  CHECK(error_with("center_only", true).find("/normalizer/center_only: ") == 0);
  CHECK(error_with("activation", "relu").find("/normalizer/activation: ") == 0);
  CHECK(error_with("normalization_batch_size", 2).find("/normalizer/normalization_batch_size: ") ==
        0);
  CHECK(error_with("momentum", nullptr).empty());
  CHECK(error_with("horizon", 64).empty());
  CHECK(error_with("backend", "reference").empty());
  Json wrong = Gaussian();
  wrong["updates"] = 10;
  CHECK(ErrorOf(wrong).find("/updates: expected only with a normalizer") == 0);
  wrong["normalizer"] = {{"name", "batch"}};
  CHECK(ErrorOf(wrong).empty());
  wrong["running_images"] = 1001;
  CHECK(ErrorOf(wrong).find("/running_images: ") == 0);
  wrong["running_images"] = 3;
  CHECK(ErrorOf(wrong).find("/batch_size: 4, expected at most the 3 of running_images") == 0);
}

TEST_CASE("a normalizer on the running statistics gets a second table, and the first but once") {
  Config config;
  config.document = {{"level", 0.1}};
  config.axes = {{"dataset", {}, {}}, {"normalizer", {}, {}}, {"batch_size", {}, {}}};
  std::vector<ResultRow> rows;
  for (const char* dataset : {"gratings", "mnist"}) {
    for (const char* normalizer : {"batch(pytorch)", "batch(keras)"}) {
      const bool keras = std::string(normalizer) == "batch(keras)";
      for (const int size : {1, 2, 4}) {
        for (const int layer : {1, 2}) {
          ResultRow row;
          row.columns = {{"layer", layer},           {"dataset", dataset},
                         {"normalizer", normalizer}, {"normalizer.dialect", "x"},
                         {"batch_size", size},       {"seed", 1}};
          if (size == 1 && layer == 2) {
            row.result.status = "SKIPPED";
          } else {
            row.result.metrics = {{"rho", 0.3},
                                  {"mean_error", 0.5},
                                  {"mean_error_theory", 0.5},
                                  {"batch_size_for_level", 8},
                                  {"dialect_distance", keras ? 0.25 * layer / size : 0.0}};
          }
          rows.push_back(row);
        }
      }
    }
  }
  std::ostringstream out;
  PrintStatisticsTables(config, rows, {}, &out);
  const std::string text = out.str();
  const auto count = [&](const std::string& part) {
    int n = 0;
    for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
    return n;
  };
  CHECK(count("layer   rho") == 2);  // once a data set
  CHECK(count("dataset=mnist\n") == 2);
  CHECK(count("normalizer      1      2      4\n") == 2);
  CHECK(count("batch(keras)    -  0.188  0.094\n") == 2);
  CHECK(count("batch(pytorch)  -  0.000  0.000\n") == 2);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) CHECK(line.size() <= 80);
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
