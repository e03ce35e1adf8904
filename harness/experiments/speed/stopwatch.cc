#include "harness/experiments/speed/stopwatch.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <ostream>

#include "harness/experiments/speed/contestant.h"
#include "harness/report/environment.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;
using BenchmarkRun = benchmark::BenchmarkReporter::Run;

constexpr int kLeastRepetitions = 5;

// Google Benchmark takes its settings from flags, and those from BENCHMARK_* variables, which must
// not redirect or thin out our results.
void InitializeOnce() {
  static const bool done = [] {
    static std::array<std::string, 7> texts = {"normsweep",
                                               "--benchmark_enable_random_interleaving=true",
                                               "--benchmark_list_tests=false",
                                               "--benchmark_out=",
                                               "--benchmark_report_aggregates_only=false",
                                               "--benchmark_display_aggregates_only=false",
                                               "--benchmark_perf_counters="};
    std::array<char*, 8> arguments = {};
    std::transform(texts.begin(), texts.end(), arguments.begin(),
                   [](std::string& text) { return text.data(); });
    int count = static_cast<int>(texts.size());
    benchmark::Initialize(&count, arguments.data());
    return count == 1;
  }();
  if (!done) throw Error("Google Benchmark does not know one of its own flags");
}

// To a picosecond: what is beyond is noise, and a run has a hundred thousand of these numbers.
double Picoseconds(double ns) { return std::round(ns * 1000) / 1000; }

OrderedJson Entry(const BenchmarkRun& run) {
  const std::string name = run.run_name.function_name;
  const bool aggregate = run.run_type == BenchmarkRun::RT_Aggregate;
  OrderedJson entry;
  // Without the "/iterations:N/repetitions:M" of benchmark_name(), which would keep compare.py from
  // matching two files.
  entry["name"] = aggregate ? name + "_" + run.aggregate_name : name;
  entry["family_index"] = run.family_index;
  entry["per_family_instance_index"] = run.per_family_instance_index;
  entry["run_name"] = name;
  entry["run_type"] = aggregate ? "aggregate" : "iteration";
  entry["repetitions"] = run.repetitions;
  if (!aggregate) entry["repetition_index"] = run.repetition_index;
  entry["threads"] = run.threads;
  if (aggregate) {
    const bool percentage = run.aggregate_unit == benchmark::kPercentage;
    entry["aggregate_name"] = run.aggregate_name;
    entry["aggregate_unit"] = percentage ? "percentage" : "time";
  }
  entry["iterations"] = run.iterations;
  const bool relative = aggregate && run.aggregate_unit == benchmark::kPercentage;
  entry["real_time"] =
      relative ? run.real_accumulated_time : Picoseconds(run.GetAdjustedRealTime());
  entry["cpu_time"] = relative ? run.cpu_accumulated_time : Picoseconds(run.GetAdjustedCPUTime());
  entry["time_unit"] = benchmark::GetTimeUnitString(run.time_unit);
  return entry;
}

class Collector final : public benchmark::BenchmarkReporter {
 public:
  Collector() : nowhere_(nullptr) {
    SetOutputStream(&nowhere_);
    SetErrorStream(&nowhere_);
  }
  bool ReportContext(const Context& /*context*/) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      Times& times = times_[run.run_name.function_name];
      if (run.run_type == Run::RT_Iteration)
        times.ns.push_back(Picoseconds(run.GetAdjustedRealTime()));
      times.entries.push_back(Entry(run));
    }
  }
  Times Take(const std::string& name) { return std::move(times_[name]); }

 private:
  std::ostream nowhere_;
  std::map<std::string, Times> times_;
};

// Seconds of one iteration, from calls that together take half a repetition or more.
double WarmUp(const TimedBody& body, double min_time) {
  for (int64_t calls = 1;; calls *= 2) {
    const double start = SecondsNow();
    for (int64_t i = 0; i < calls; ++i) body.call();
    const double seconds = SecondsNow() - start;
    if (seconds >= min_time / 2) return seconds / static_cast<double>(calls);
  }
}

// One call first, off the clock: the contestant before this one has used the caches.
void Loop(benchmark::State& state, const std::function<void()>* call) {
  (*call)();
  for ([[maybe_unused]] auto _ : state) (*call)();
}

void Register(const TimedBody& body, const TimingRules& rules) {
  const double seconds = WarmUp(body, rules.min_time);
  const double iterations = std::ceil(rules.min_time / seconds);
  const double fitting = std::floor(rules.max_time / (iterations * seconds));
  const int least = std::min(rules.repetitions, kLeastRepetitions);
  const auto repetitions = static_cast<int>(
      std::clamp(fitting, static_cast<double>(least), static_cast<double>(rules.repetitions)));
  benchmark::RegisterBenchmark(body.name.c_str(), Loop, &body.call)
      ->Iterations(static_cast<benchmark::IterationCount>(iterations))
      ->Repetitions(repetitions)
      ->Unit(benchmark::kNanosecond)
      ->UseRealTime();
}

}  // namespace

std::vector<Times> TimeInterleaved(const std::vector<TimedBody>& bodies, const TimingRules& rules) {
  InitializeOnce();
  benchmark::ClearRegisteredBenchmarks();
  for (const TimedBody& body : bodies) Register(body, rules);
  Collector collector;
  if (!bodies.empty()) benchmark::RunSpecifiedBenchmarks(&collector, ".");
  benchmark::ClearRegisteredBenchmarks();
  std::vector<Times> times;
  times.reserve(bodies.size());
  for (const TimedBody& body : bodies) times.push_back(collector.Take(body.name));
  return times;
}

OrderedJson BenchmarkFile(const std::vector<OrderedJson>& entries) {
  const OrderedJson environment = Environment({"normsweep"});
  const benchmark::CPUInfo& cpu = benchmark::CPUInfo::Get();
  OrderedJson file;
  OrderedJson& context = file["context"];
  context["date"] = environment["time"];
  context["executable"] = "normsweep";
  context["num_cpus"] = cpu.num_cpus;
  context["mhz_per_cpu"] = std::lround(cpu.cycles_per_second / 1e6);
  context["cpu_scaling_enabled"] = cpu.scaling == benchmark::CPUInfo::ENABLED;
  context["caches"] = OrderedJson::array();
  for (const auto& cache : cpu.caches) {
    context["caches"].push_back({{"type", cache.type},
                                 {"level", cache.level},
                                 {"size", cache.size},
                                 {"num_sharing", cache.num_sharing}});
  }
  context["load_avg"] = cpu.load_avg;
  file["benchmarks"] = entries;
  return file;
}

}  // namespace normsweep
