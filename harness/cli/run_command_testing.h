// A run of a fake experiment, for tests of RunCommand.
#pragma once

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "harness/cli/run_command.h"
#include "harness/config/config_error.h"
#include "harness/report/error_tables.h"
#include "harness/testing/folder.h"

namespace normsweep {

using Json = nlohmann::json;

// What the fake experiment of the running test saw and shall do.
struct Script {
  std::mutex mutex;
  std::vector<Json> runs;
  int64_t prepared = 0;
  bool fail = false;
  bool slow = false;
  std::atomic<int> interrupt = 0;
  bool interrupt_at_once = false;
  std::vector<Json> extra;
};
inline Script* script_of_test = nullptr;
inline std::atomic<int> alive = 0;  // experiments, which abandoned cases still hold

// Test error 10 * batch_size + seed; diverges at batch size 1.
class FakeExperiment : public Experiment {
 public:
  FakeExperiment() { ++alive; }
  ~FakeExperiment() override { --alive; }
  void Validate(const Json& resolved) const override {
    if (resolved.value("batch_size", 2) == 13) {
      throw ConfigError("/batch_size", "13, expected luck");
    }
  }
  std::vector<Json> ExtraCases(const Json& /*config*/) const override {
    return script_of_test->extra;
  }
  int64_t CaseBytes(const Json& /*resolved*/) const override { return 1000; }
  int64_t SharedBytes(const std::vector<Json>& /*cases*/) const override { return 5000; }
  void Prepare(const std::vector<Json>& cases, const RunSettings& settings) override {
    script_of_test->prepared = static_cast<int64_t>(cases.size());
    if (settings.data_directory == "missing") throw Error("missing/train.gz: not found");
  }
  std::vector<CaseResult> Run(const Json& resolved) override {
    const auto batch_size = resolved["batch_size"].get<int>();
    const auto seed = resolved["seed"].get<int>();
    {
      const std::lock_guard lock(script_of_test->mutex);
      script_of_test->runs.push_back(resolved);
    }
    if (script_of_test->interrupt_at_once) script_of_test->interrupt = 2;
    // The later a case, the sooner it ends: results must not come in the order of completion.
    if (script_of_test->slow) std::this_thread::sleep_for(std::chrono::milliseconds(8 - 2 * seed));
    if (script_of_test->fail && batch_size == 4) throw std::runtime_error("no room");
    CaseResult result;
    if (batch_size == 1) {
      result = {"diverged", "at step 3", {{"test_error", 90.0}, {"train_loss", NAN}}, {}};
    } else {
      result.metrics = {{"test_error", 10.0 * batch_size + seed}, {"train_loss", 0.1}};
      result.metrics["test_error_per_epoch"] = {50.5, 10.0 * batch_size + seed};
      if (batch_size == 4) result.metrics["steps_to_target_error"] = 7;
    }
    result.timings["seconds"] = 0.001 * seed;
    return {result};
  }
};

inline std::unique_ptr<Experiment> MakeFake() { return std::make_unique<FakeExperiment>(); }
inline constexpr ExperimentKind kFakes[] = {
    {"train", "fake", MakeFake, CaseThreads::kOne, PrintErrorTables}};

inline constexpr char kConfig[] = R"({"name": "fake", "experiment": "train",
  "dataset": {"name": "gratings"}, "network": {"name": "mlp"},
  "sweep": {"normalizer": [{"name": "none"}, {"name": "group", "groups": 2}],
            "batch_size": [2, 4], "seed": [1, 2, 3]}})";

// A config, a folder for results, and what was said.
class RunTest {
 public:
  RunTest() {
    script_of_test = &script_;
    options.configs = {folder.Write("fake.json", kConfig)};
    options.output = folder / "out";
    options.jobs = 2;
  }
  ~RunTest() {
    while (alive > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    script_of_test = nullptr;
  }

  int Run() {
    out.str("");
    err.str("");
    return RunCommand(options, kFakes, &script_.interrupt, console);
  }
  Script& script() { return script_; }

  TestFolder folder;
  RunOptions options;
  std::ostringstream out, err;
  Console console{&out, &err, {false, [] { return 80; }, {}}, false};

 private:
  Script script_;
};

}  // namespace normsweep
