#include "harness/experiments/speed/speed_experiment.h"

#include <omp.h>

#include <array>
#include <set>

#include "harness/config/config_error.h"
#include "harness/experiments/registry.h"
#include "harness/experiments/speed/speed_case.h"
#include "harness/experiments/speed/truth.h"
#include "harness/run/plan.h"
#include "norms/testing/catch.h"
#include "norms/testing/sanitized.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

Json Case(const char* patch) {
  Json json = Json::parse(R"({"experiment": "speed", "normalizer": {"name": "batch"},
      "shape": [2, 3, 5], "repetitions": 2, "min_time": 0.00001, "max_time": 0.0001})");
  json.merge_patch(Json::parse(patch));
  return json;
}

std::vector<CaseResult> RunCase(const Json& json) {
  const auto experiment = MakeSpeedExperiment();
  experiment->Validate(json);
  experiment->Prepare({json}, {"", 1, 1});
  return experiment->Run(json);
}

const CaseResult& Row(const std::vector<CaseResult>& rows, const std::string& contestant) {
  for (const CaseResult& row : rows) {
    if (row.columns["contestant"] == contestant) return row;
  }
  throw Error("no row of " + contestant);
}

TEST_CASE("every normalizer passes its check and is timed, in every call, layout and cache") {
  for (const char* name :
       {"none", "batch", "batch_renorm", "layer", "instance", "group", "weight", "spectral"}) {
    for (const char* mode : {"train", "eval", "backward"}) {
      for (const char* layout : {"channels_first", "channels_last"}) {
        for (const Json& shape : {Json{2, 3, 5}, Json{1, 6, 7, 3}}) {
          Json json = Case("{}");
          json["normalizer"] = {{"name", name}};
          if (std::string(name) == "group") json["normalizer"]["groups"] = 3;
          json["mode"] = mode;
          json["layout"] = layout;
          json["shape"] = shape;
          INFO(json.dump());
          const std::vector<CaseResult> rows = RunCase(json);
          REQUIRE(rows.size() == 8);
          for (const CaseResult& row : rows) {
            const std::string contestant = row.columns["contestant"];
            INFO(contestant << " " << row.reason);
            CHECK(row.status != "FAILED");
            if (row.status == "SKIPPED") continue;
            CHECK(row.timings["median_ns"].get<double>() > 0);
            CHECK(row.samples["ns"].size() == 2);
          }
          CHECK(Row(rows, "native").status == "PASSED");
          CHECK(Row(rows, "native").metrics["cost_bytes"].get<int64_t>() > 0);
        }
      }
    }
  }
}

TEST_CASE("batch norm meets oneDNN in both its layouts, the reorder apart") {
  const std::array modes = {"backward", "train", "eval"};
  for (size_t i = 0; i < modes.size(); i += testing::Step(3)) {
    const char* mode = modes[i];
    Json json = Case(R"({"cache": "cold", "shape": [2, 17, 49, 99]})");
    json["mode"] = mode;
    const std::vector<CaseResult> rows = RunCase(json);
    CHECK(Row(rows, "onednn").status == "PASSED");
    CHECK(Row(rows, "onednn_blocked").status == "PASSED");
    CHECK(Row(rows, "onednn_blocked").timings["reorder_ns"].get<double>() > 0);
    CHECK(Row(rows, "onednn_blocked").metrics["implementation"].is_string());
    CHECK(Row(rows, "native").timings.contains("speedup_over_onednn_blocked"));
    CHECK(Row(rows, "native").columns["cache"] == "cold");
  }
}

TEST_CASE("composite rows are marked and left out of the ratios") {
  const std::vector<CaseResult> rows = RunCase(Case(R"({"normalizer": {"name": "instance"}})"));
  CHECK(Row(rows, "onednn").metrics["composite"] == true);
  CHECK(Row(rows, "onednn").timings.contains("median_ns"));
  CHECK_FALSE(Row(rows, "native").timings.contains("speedup_over_onednn"));
}

TEST_CASE("a tensor that nobody can train on is skipped, with the reason") {
  for (const CaseResult& row : RunCase(Case(R"({"shape": [1, 3]})"))) {
    CHECK(row.status == "SKIPPED");
    CHECK(row.reason.find("one value") != std::string::npos);
  }
}

// Writes what it was told to, whatever the right answer is.
class Liar final : public Contestant {
 public:
  Liar(const BufferSets& sets, float factor) : sets_(sets), factor_(factor) {}
  void Call(size_t set) override {
    for (int64_t i = 0; i < sets_.size(); ++i) sets_[set].out[i] = factor_ * sets_[set].x[i];
  }

 private:
  const BufferSets& sets_;
  float factor_;
};

TEST_CASE("the check before the clock sees a wrong output, a missing one and a missing gradient") {
  const SpeedCase one = ReadSpeedCase(Case(R"({"normalizer": {"name": "none"}})"));
  SpeedData data;
  data.Draw(1, 30);
  const BufferSets sets(data, 30, false, false);
  const Truth truth(one, data);
  Liar honest(sets, 1), liar(sets, 1.00001F), silent(sets, NAN);
  CHECK(truth.Check(&honest, sets, "native").error == 0);
  for (Liar* wrong : {&liar, &silent}) {
    const OutputError error = truth.Check(wrong, sets, "native");
    CHECK(error.error > error.tolerance);
    CHECK(error.output == "y");
  }
  const SpeedCase batch = ReadSpeedCase(Case(R"({"mode": "backward"})"));
  const BufferSets with_dy(data, 30, true, false);
  Liar no_gradient(with_dy, 1);
  CHECK(std::isinf(Truth(batch, data).Check(&no_gradient, with_dy, "native").error));
}

TEST_CASE("threads of the case, else of the run; the file has every benchmark of every case",
          "[threads]") {
  const auto experiment = MakeSpeedExperiment();
  const std::vector<Json> cases = {Case(R"({"threads": 2})"), Case(R"({"threads": null})")};
  const int before = omp_get_max_threads();
  experiment->Prepare(cases, {"", 3, 1});
  std::vector<CaseResult> rows = experiment->Run(cases[0]);
  CHECK(rows[0].columns["threads"] == 2);
  CHECK(omp_get_max_threads() == 2);
  for (CaseResult& row : experiment->Run(cases[1])) {
    CHECK(row.columns["threads"] == 3);
    rows.push_back(std::move(row));
  }
  omp_set_num_threads(before);
  std::vector<const CaseResult*> all;
  for (const CaseResult& row : rows) all.push_back(&row);
  // Another process may have run the cases.
  const std::vector<ResultFile> files = MakeSpeedExperiment()->Files(all);
  REQUIRE(files.size() == 1);
  CHECK(files[0].name == "benchmark.json");
  std::set<std::string> names;
  const Json file = Json::parse(files[0].content);
  for (const Json& entry : file["benchmarks"]) names.insert(entry["run_name"]);
  CHECK(names.contains("batch/2x3x5/channels_first/train/hot/threads:2/native"));
  CHECK(names.contains("batch/2x3x5/channels_first/train/hot/threads:3/copy"));
}

TEST_CASE("groups stand for their combinations, a flat shape for one layout") {
  const auto experiment = MakeSpeedExperiment();
  const Json config = Json::parse(R"({"name": "g", "experiment": "speed", "repetitions": 3,
    "groups": [{"normalizers": [{"name": "batch"}, {"name": "layer"}],
                "shapes": [[3], [3, 7]], "batch_sizes": [1, 2],
                "layouts": ["channels_first", "channels_last"], "modes": ["eval"]}]})");
  CHECK_FALSE(experiment->HasProduct(config));
  const std::vector<Json> cases = experiment->ExtraCases(config);
  CHECK(cases.size() == 2 * (2 * 1 + 2 * 2));
  CHECK(cases[0] == Json::parse(R"({"experiment": "speed", "repetitions": 3, "mode": "eval",
      "normalizer": {"name": "batch"}, "shape": [1, 3], "layout": "channels_first"})"));
  CHECK(cases.back()["shape"] == Json{2, 3, 7});
}

TEST_CASE("the shipped configs are valid, and every row of the quick one passes its check") {
  const std::string configs = std::string(NORMSWEEP_SOURCE_DIR) + "/configs/";
  for (const char* name : {"speed.json", "speed-scaling.json"}) {
    CHECK(MakePlan(configs + name, {}, Experiments()).cases.size() > 100);
  }
  const Plan plan =
      MakePlan(configs + "speed-quick.json",
               {"repetitions=2", "min_time=0.00001", "max_time=0.0001"}, Experiments());
  std::vector<Json> cases;
  for (const SweepCase& one : plan.cases) cases.push_back(one.resolved);
  plan.experiment->Prepare(cases, {"", 2, 1});
  int passed = 0;
  for (size_t i = 0; i < cases.size(); i += testing::Step(10)) {
    for (const CaseResult& row : plan.experiment->Run(cases[i])) {
      INFO(plan.cases[i].coordinates << " " << row.columns["contestant"] << " " << row.reason);
      CHECK(row.status != "FAILED");
      passed += row.status == "PASSED" ? 1 : 0;
    }
  }
  CHECK(passed > (testing::kSanitized ? 25 : 250));
}

TEST_CASE("mistakes are named where they stand") {
  const auto pointer_of = [](const auto& call) {
    try {
      call();
    } catch (const ConfigError& error) {
      return error.pointer();
    }
    return std::string("none");
  };
  const auto experiment = MakeSpeedExperiment();
  const auto validate = [&](const char* patch) {
    return pointer_of([&] { experiment->Validate(Case(patch)); });
  };
  CHECK(validate("{}") == "none");
  CHECK(validate(R"({"normalizer": null})") == "/normalizer");
  CHECK(validate(R"({"shape": null})") == "/shape");
  CHECK(validate(R"({"normalizer": {"name": "group", "groups": 2}})") == "/normalizer/groups");
  const auto groups = [&](const char* text) {
    return pointer_of([&] { experiment->ExtraCases(Json::parse(text)); });
  };
  CHECK(groups(R"({"groups": [{"normalizers": [{"name": "batch"}, {"name": "group", "groups": 2}],
                   "shapes": [[2, 4], [2, 3]]}]})") == "/groups/0/normalizers/1/groups");
  CHECK(groups(R"({"groups": [{"normalizers": [{"name": "b"}], "shapes": [[2, 4]]}]})") ==
        "/groups/0/normalizers/0/name");
  CHECK(groups(R"({"groups": [{"normalizers": [{"name": "batch"}], "shapes": [[4]]}]})") ==
        "/groups/0/shapes/0");
  CHECK(groups(R"({"groups": [{"normalizers": [{"name": "batch"}], "shapes": [[2, 4]]}],
                   "shape": [2, 3]})") == "/shape");
}

}  // namespace
}  // namespace normsweep
