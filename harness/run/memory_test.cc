#include "harness/run/memory.h"

#include "harness/config/json_file.h"
#include "harness/run/plan_testing.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

const char kConfig[] = R"({"name": "t", "experiment": "train",
  "dataset": {"name": "gratings", "train_samples": 500}, "network": {"name": "mlp"},
  "training": {"drop_last": false},
  "sweep": {"normalizer": [{"name": "group", "groups": 10}, {"name": "layer"}], "batch_size": [1, 2, 37, 400]}})";

TEST_CASE("the estimate has what is shared once and the largest cases that run side by side") {
  const Plan plan = PlanOf(kConfig);
  REQUIRE(plan.cases.size() == 8);
  const MemoryEstimate one = EstimateMemory(plan, 1), two = EstimateMemory(plan, 2),
                       all = EstimateMemory(plan, 100);
  CHECK(plan.cases[one.largest].coordinates == "normalizer=group(10),batch_size=400");
  CHECK(one.running == one.largest_case);
  CHECK(one.largest_case == plan.experiment->CaseBytes(plan.cases[3].resolved));
  CHECK(two.running == one.largest_case + plan.experiment->CaseBytes(plan.cases[7].resolved));
  int64_t sum = 0;
  for (const SweepCase& one_case : plan.cases) {
    sum += plan.experiment->CaseBytes(one_case.resolved);
  }
  CHECK(all.running == sum);
  CHECK(one.shared == two.shared);
  CHECK(one.shared >= (8000 + 2000 + 2000) * 256 * 4);
  CHECK(two.total == two.process + two.shared + two.running);
}

TEST_CASE("a data set that several cases share counts once, another one more") {
  const int64_t one = EstimateMemory(PlanOf(kConfig), 1).shared;
  const Plan two = PlanOf(kConfig, {R"(sweep.dataset.seed=[1,2])"});
  CHECK(EstimateMemory(two, 1).shared == 2 * one);
}

TEST_CASE("cases that run alone count once whatever the jobs") {
  const Plan plan = PlanOf(R"({"name": "t", "experiment": "speed", "normalizer": {"name": "layer"},
      "sweep": {"shape": [[2, 3, 5], [1, 7], [4, 64, 64]]}})");
  const MemoryEstimate estimate = EstimateMemory(plan, 8);
  CHECK(estimate.running == estimate.largest_case);
  CHECK(estimate.largest == 2);
}

TEST_CASE("what is available is the least of the machine's and the control groups'") {
  const TestFolder root;
  const std::string path = root.path();
  CHECK(AvailableMemory(path) == -1);
  root.Write("proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:    5000 kB\n");
  CHECK(AvailableMemory(path) == 5000 * 1024);
  root.Write("proc/self/cgroup", "0::/a/b\n");
  root.Write("sys/fs/cgroup/a/b/memory.max", "max\n");
  root.Write("sys/fs/cgroup/a/b/memory.current", "77\n");
  CHECK(AvailableMemory(path) == 5000 * 1024);
  root.Write("sys/fs/cgroup/a/memory.max", "1000000\n");
  root.Write("sys/fs/cgroup/a/memory.current", "300000\n");
  CHECK(AvailableMemory(path) == 700000);
  root.Write("sys/fs/cgroup/a/memory.stat", "anon 5\ninactive_file 100000\n");
  CHECK(AvailableMemory(path) == 800000);
  root.Write("sys/fs/cgroup/a/memory.max", "200000\n");
  CHECK(AvailableMemory(path) == 0);
}

TEST_CASE("the first kind of control group, in a container that does not see its own path") {
  const TestFolder root;
  const std::string path = root.path();
  root.Write("proc/self/cgroup", "5:cpu:/x\n4:memory:/docker/1\n");
  root.Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  CHECK(AvailableMemory(path) == -1);
  root.Write("sys/fs/cgroup/memory/memory.limit_in_bytes", "5000\n");
  root.Write("sys/fs/cgroup/memory/memory.usage_in_bytes", "2000\n");
  CHECK(AvailableMemory(path) == 3000);
}

TEST_CASE("a warning only where the estimate is beyond what is available") {
  MemoryEstimate estimate;
  estimate.total = 3 << 20;
  estimate.shared = 1 << 20;
  CHECK(MemoryWarning(estimate, -1).empty());
  CHECK(MemoryWarning(estimate, 3 << 20).empty());
  CHECK_THAT(MemoryWarning(estimate, 2 << 20),
             Catch::Matchers::StartsWith("may take 3 MiB of memory (1 MiB shared") &&
                 Catch::Matchers::ContainsSubstring("but 2 MiB are available"));
}

TEST_CASE("bytes as people read them") {
  CHECK(BytesText(0) == "0 bytes");
  CHECK(BytesText(1023) == "1023 bytes");
  CHECK(BytesText(1536) == "1.5 KiB");
  CHECK(BytesText(int64_t{1} << 40) == "1 TiB");
  CHECK(BytesText(INT64_MAX) == "8 EiB");
}

}  // namespace
}  // namespace normsweep
