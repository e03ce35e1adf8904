#include "harness/experiments/speed/speed_experiment.h"

#include <omp.h>

#include <algorithm>
#include <mutex>

#include "harness/config/config.h"
#include "harness/config/config_error.h"
#include "harness/experiments/speed/buffers.h"
#include "harness/experiments/speed/contestant.h"
#include "harness/experiments/speed/speed_case.h"
#include "harness/experiments/speed/speed_memory.h"
#include "harness/experiments/speed/speed_rows.h"
#include "harness/experiments/speed/stopwatch.h"
#include "harness/experiments/speed/truth.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

// "batch/32x64x56x56/channels_first/train/hot/threads:2/native"
std::string BenchmarkName(const SpeedCase& one, int threads, const std::string& contestant) {
  std::string sizes = one.shape_text.substr(1, one.shape_text.size() - 2);
  std::replace(sizes.begin(), sizes.end(), ',', 'x');
  return one.label + "/" + sizes + "/" + Name(one.shape.layout) + "/" + one.mode + "/" +
         (one.cold ? "cold" : "hot") + "/threads:" + std::to_string(threads) + "/" + contestant;
}

int64_t CostOf(const SpeedCase& one) {
  const std::unique_ptr<Normalizer> native = Create(one.spec, one.shape);
  return one.backward() ? native->BackwardCost(Mode::kTrain).bytes
                        : native->ForwardCost(one.forward_mode()).bytes;
}

// A case while it runs: its contestants live until all are timed.
class CaseRun {
 public:
  CaseRun(const SpeedCase& one, int threads, const SpeedData& data)
      : case_(one), threads_(threads), data_(data) {
    for (const std::string& name : one.contestants) {
      outcomes_.push_back({name, "", "", std::nullopt, {}, 0, {}});
    }
    contestants_.resize(outcomes_.size());
  }

  const std::vector<Outcome>& outcomes() const { return outcomes_; }

  std::vector<OrderedJson> Run() {
    try {
      const Truth truth(case_, data_);
      sets_.emplace(data_, case_.shape.Elements(), case_.backward(), case_.cold);
      for (size_t i = 0; i < outcomes_.size(); ++i) TryToEnter(i, truth);
    } catch (const ShapeError& error) {  // one value a set: nobody can train on it
      for (Outcome& outcome : outcomes_) outcome.skipped = error.what();
      return {};
    }
    return Time();
  }

 private:
  // What the reference took, everybody must take.
  void TryToEnter(size_t i, const Truth& truth) {
    try {
      Enter(i, truth);
    } catch (const std::exception& error) {  // a peer's own kind, too
      outcomes_[i].broke = error.what();
    }
  }

  // Makes a contestant and checks it; one that fails is not timed.
  void Enter(size_t i, const Truth& truth) {
    Outcome& outcome = outcomes_[i];
    const ContestantKind& kind = FindContestant(outcome.contestant);
    std::unique_ptr<Contestant> made = kind.make({case_, *sets_, truth.start()}, &outcome.skipped);
    if (made == nullptr) return;
    outcome.skipped.clear();  // a backend before the one that took it may have left its reason
    if (kind.role == Role::kReal) {
      outcome.check = truth.Check(made.get(), *sets_, kind.backend);
      outcome.cost_bytes = CostOf(case_);
    } else if (kind.role == Role::kCopy) {
      outcome.cost_bytes = 2 * sets_->copy_size() * SizeOf(DataType::kFloat32);
    }
    outcome.info = made->info();
    if (outcome.passed()) contestants_[i] = std::move(made);
  }

  std::vector<OrderedJson> Time() {
    std::vector<TimedBody> bodies;
    std::vector<Outcome*> timed;
    for (size_t i = 0; i < outcomes_.size(); ++i) {
      if (contestants_[i] == nullptr) continue;
      timed.push_back(&outcomes_[i]);
      bodies.push_back(
          {BenchmarkName(case_, threads_, outcomes_[i].contestant),
           [contestant = contestants_[i].get(), sets = &*sets_, set = size_t{0}]() mutable {
             contestant->Call(set);
             set = sets->Next(set);
           }});
    }
    std::vector<OrderedJson> entries;
    std::vector<Times> times =
        TimeInterleaved(bodies, {case_.repetitions, case_.min_time, case_.max_time});
    for (size_t i = 0; i < times.size(); ++i) {
      timed[i]->ns = std::move(times[i].ns);
      entries.insert(entries.end(), times[i].entries.begin(), times[i].entries.end());
    }
    return entries;
  }

  const SpeedCase& case_;
  int threads_;
  const SpeedData& data_;
  std::optional<BufferSets> sets_;
  std::vector<Outcome> outcomes_;
  std::vector<std::unique_ptr<Contestant>> contestants_;
};

class SpeedExperiment final : public Experiment {
 public:
  bool HasProduct(const Json& config) const override { return !config.contains("groups"); }

  std::vector<Json> ExtraCases(const Json& config) const override {
    if (HasProduct(config)) return {};
    for (const char* key : {"sweep", "normalizer", "shape", "layout", "mode", "cache", "threads"}) {
      if (config.contains(key)) {
        throw ConfigError(std::string("/") + key, "given beside /groups, expected one of the two");
      }
    }
    return ExpandGroups(config);
  }

  void Validate(const Json& resolved_case) const override { ReadSpeedCase(resolved_case); }

  int64_t CaseBytes(const Json& resolved_case) const override {
    return SpeedCaseBytes(ReadSpeedCase(resolved_case)).value();
  }

  // The data of the largest tensor, and each case's part of benchmark.json.
  int64_t SharedBytes(const std::vector<Json>& resolved_cases) const override {
    int64_t largest = 0;
    Saturated entries;
    for (const Json& resolved : resolved_cases) {
      const SpeedCase one = ReadSpeedCase(resolved);
      largest = std::max(largest, one.shape.Elements());
      entries += SpeedEntryBytes(one);
    }
    return (SpeedDataBytes(largest) + entries).value();
  }

  void Prepare(const std::vector<Json>& resolved_cases, const RunSettings& settings) override {
    threads_ = settings.threads;
    for (const Json& resolved : resolved_cases) {
      largest_ = std::max(largest_, ReadSpeedCase(resolved).shape.Elements());
    }
  }

  std::vector<CaseResult> Run(const Json& resolved_case) override {
    const std::lock_guard lock(mutex_);  // one case at a time, and Google Benchmark is global
    const SpeedCase one = ReadSpeedCase(resolved_case);
    const int threads = one.threads > 0 ? one.threads : threads_;
    omp_set_num_threads(threads);
    data_.Draw(one.seed, largest_);
    CaseRun run(one, threads, data_);
    const std::vector<OrderedJson> entries = run.Run();
    const uint64_t seed = std::stoull(CaseHash(resolved_case), nullptr, 16);
    std::vector<CaseResult> rows = SpeedRows(one, threads, run.outcomes(), seed);
    if (!rows.empty()) rows.front().entries = entries;
    return rows;
  }

  std::vector<ResultFile> Files(const std::vector<const CaseResult*>& rows) const override {
    std::vector<OrderedJson> entries;
    for (const CaseResult* row : rows) {
      entries.insert(entries.end(), row->entries.begin(), row->entries.end());
    }
    return {{"benchmark.json", BenchmarkFile(entries).dump(2) + "\n"}};
  }

 private:
  int threads_ = 1;
  int64_t largest_ = 1;
  SpeedData data_;
  std::mutex mutex_;
};

}  // namespace

std::unique_ptr<Experiment> MakeSpeedExperiment() { return std::make_unique<SpeedExperiment>(); }

}  // namespace normsweep
