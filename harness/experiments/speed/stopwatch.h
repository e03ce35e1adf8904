// Times the contestants of one case with Google Benchmark.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace normsweep {

struct TimedBody {
  std::string name;            // of the benchmark, unlike all others
  std::function<void()> call;  // one iteration
};

struct TimingRules {
  int repetitions = 15;
  double min_time = 0.002;  // seconds of a repetition
  double max_time = 0.3;    // seconds of all repetitions: beyond it there are fewer, but 5 at least
};

struct Times {
  std::vector<double> ns;  // of one iteration, in each repetition
  // Google Benchmark's entries, repetitions then aggregates, as its JSON has them.
  std::vector<nlohmann::ordered_json> entries;
};

// Each body warms up, which also says how many iterations a repetition needs; then the repetitions
// of all of them run in random order. In real time (std::chrono::steady_clock), on the thread that
// calls. Nothing is printed. Google Benchmark keeps global state: one caller at a time.
std::vector<Times> TimeInterleaved(const std::vector<TimedBody>& bodies, const TimingRules& rules);

// What Google Benchmark's tools (compare.py) expect around such entries.
nlohmann::ordered_json BenchmarkFile(const std::vector<nlohmann::ordered_json>& entries);

}  // namespace normsweep
