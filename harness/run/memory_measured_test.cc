// The estimates against what cases really take: the growth of the process's peak of resident
// memory. Memory does not depend on the machine's speed or load.
#include <malloc.h>

#include <fstream>
#include <string>

#include "harness/config/json_file.h"
#include "harness/run/memory.h"
#include "harness/run/plan_testing.h"
#include "norms/testing/catch.h"
#include "norms/testing/sanitized.h"

namespace normsweep {
namespace {

int64_t StatusBytes(const std::string& name) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind(name + ":", 0) == 0) return std::stoll(line.substr(name.size() + 1)) * 1024;
  }
  return 0;
}

// From here on the peak counts anew.
bool ResetPeak() {
  malloc_trim(0);
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

void RunAll(const Plan& plan) {
  std::vector<nlohmann::json> cases;
  for (const SweepCase& one : plan.cases) cases.push_back(one.resolved);
  plan.experiment->Prepare(cases, {"", 2, 1});
  for (const nlohmann::json& one : cases) plan.experiment->Run(one);
}

struct Measured {
  const char* config;
  std::vector<std::string> tiny;  // settings that make it small
  int64_t least;                  // MiB that it takes: what keeps the test from being empty
  int64_t factor = 3;             // the estimate is at most this many times what it takes
};

// One of each kind that has memory of its own: convolutions and their copies of the weights,
// inner products, a probe's second network, the float64 reference, buffers of all contestants,
// populations that are made in one batch.
const Measured kRows[] = {
    {R"({"name": "t", "experiment": "train", "batch_size": 256, "normalizer": {"name": "batch"},
         "dataset": {"name": "gratings", "train_samples": 256, "validation_samples": 50,
                     "test_samples": 50},
         "network": {"name": "cnn", "convolutions": [{"channels": 64}, {"channels": 32}]}})",
     {"batch_size=2", "dataset.train_samples=2"},
     100},
    {R"({"name": "t", "experiment": "train", "batch_size": 64, "normalizer": {"name": "weight"},
         "dataset": {"name": "gratings", "train_samples": 64, "validation_samples": 50,
                     "test_samples": 50}, "measure": {"landscape": true},
         "network": {"name": "mlp", "hidden": [1500, 1501]}})",
     {"network.hidden=[3]", "batch_size=2"},
     60},
    {R"({"name": "t", "experiment": "check", "shapes": [[9, 33, 57, 41]], "mode": "train",
         "normalizer": {"name": "layer"}, "backend": "native", "layout": "channels_last",
         "input": "gaussian"})",
     {"shapes=[[2,3]]"},
     50,
     4},  // counts the backend, the options and the input that take most: see check_memory.cc
    {R"({"name": "t", "experiment": "speed", "shape": [16, 33, 57, 41], "mode": "backward",
         "normalizer": {"name": "batch"}, "contestants": ["native", "onednn", "onednn_blocked"],
         "repetitions": 2, "min_time": 1e-9, "max_time": 1e-9})",
     {"shape=[2,3]"},
     50},
    {R"({"name": "t", "experiment": "statistics", "population_samples": 1999, "draws": 2,
         "anchors": 1, "batch_size": 2, "dataset": {"name": "gratings"},
         "network": {"name": "cnn", "convolutions": [{"channels": 9}, {"channels": 3}]}})",
     {"population_samples=2"},
     60},
};

TEST_CASE("a case takes no more than its estimate, and not much less") {
  if (testing::kSanitized) return;  // they keep what is freed, and shadow it
  for (const Measured& row : kRows) {
    RunAll(PlanOf(row.config, row.tiny));  // libraries and threads have what they keep
    const Plan plan = PlanOf(row.config, {});
    const MemoryEstimate estimate = EstimateMemory(plan, 1);
    REQUIRE(ResetPeak());
    const int64_t before = StatusBytes("VmHWM");
    RunAll(plan);
    const int64_t took = StatusBytes("VmHWM") - before;
    const int64_t said = estimate.shared + estimate.largest_case;
    CAPTURE(row.config, BytesText(before), BytesText(took), BytesText(said));
    CHECK(took >= row.least << 20);
    CHECK(took <= said);
    CHECK(said <= row.factor * took);
  }
}

}  // namespace
}  // namespace normsweep
