#include "harness/experiments/speed/stopwatch.h"

#include <thread>

#include "harness/experiments/speed/statistics.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

void Sleep(int microseconds) {
  std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
}

TEST_CASE("times are per iteration, of every repetition, in the order of the bodies") {
  const std::vector<TimedBody> bodies = {{"slow", [] { Sleep(2000); }},
                                         {"fast", [] { Sleep(200); }}};
  const std::vector<Times> times = TimeInterleaved(bodies, {6, 0.001, 1});
  REQUIRE(times.size() == 2);
  CHECK(times[0].ns.size() == 6);
  CHECK(times[1].ns.size() == 6);
  CHECK(MedianOf(times[0].ns) >= 2e6);
  CHECK(MedianOf(times[1].ns) >= 2e5);
  CHECK(MedianOf(times[1].ns) < MedianOf(times[0].ns));
}

TEST_CASE("repetitions that do not fit become fewer, but not fewer than five") {
  const std::vector<TimedBody> bodies = {{"slow", [] { Sleep(3000); }}};
  CHECK(TimeInterleaved(bodies, {30, 0.001, 0.001})[0].ns.size() == 5);
  CHECK(TimeInterleaved(bodies, {3, 0.001, 0.001})[0].ns.size() == 3);
}

TEST_CASE("repetitions of all bodies are mixed") {
  std::string order;
  const std::vector<TimedBody> bodies = {{"a",
                                          [&order] {
                                            order += 'a';
                                            Sleep(300);
                                          }},
                                         {"b", [&order] {
                                            order += 'b';
                                            Sleep(300);
                                          }}};
  TimeInterleaved(bodies, {20, 0.0001, 1});
  // Warm-up first: one a, one b. Then 40 repetitions: unmixed they would change over once.
  int changes = 0;
  for (size_t i = 3; i < order.size(); ++i) changes += order[i] != order[i - 1] ? 1 : 0;
  CHECK(changes >= 6);
}

TEST_CASE("entries are those of Google Benchmark's JSON, under names that two runs share") {
  const auto times = TimeInterleaved({{"batch/2x3/native", [] { Sleep(100); }}}, {3, 0.0001, 1});
  const auto& entries = times[0].entries;
  REQUIRE(entries.size() == 3 + 4);  // and mean, median, stddev, cv
  CHECK(entries[0]["name"] == "batch/2x3/native");
  CHECK(entries[0]["run_type"] == "iteration");
  CHECK(entries[2]["repetition_index"] == 2);
  CHECK(entries[2]["real_time"] == times[0].ns[2]);
  CHECK(entries[3]["name"] == "batch/2x3/native_mean");
  CHECK(entries[3]["run_name"] == "batch/2x3/native");
  CHECK(entries[3]["aggregate_name"] == "mean");
  CHECK(entries[6]["aggregate_unit"] == "percentage");
  for (const char* key : {"repetitions", "threads", "iterations", "cpu_time", "time_unit"}) {
    CHECK(entries[0].contains(key));
  }
  const auto file = BenchmarkFile(entries);
  CHECK(file["benchmarks"].size() == 7);
  CHECK(file["context"]["num_cpus"].is_number());
  CHECK(TimeInterleaved({}, {}).empty());
}

}  // namespace
}  // namespace normsweep
