#include "harness/experiments/train/train_experiment.h"

#include <omp.h>

#include <algorithm>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <set>

#include "harness/config/config_error.h"
#include "harness/config/schema.h"
#include "harness/config/sweep.h"
#include "harness/data/dataset.h"
#include "harness/experiments/train/selection.h"
#include "harness/experiments/train/train_config.h"
#include "harness/experiments/train/train_memory.h"
#include "harness/experiments/train/trainer.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

// The calling thread's OpenMP regions, oneDNN's included, run on it alone.
class OneThread {
 public:
  OneThread() : before_(omp_get_max_threads()) { omp_set_num_threads(1); }
  ~OneThread() { omp_set_num_threads(before_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

// Results that several cases share: trials of a selection, and what one of the swept values has no
// effect on. Each is computed once, by whoever comes first.
class SharedResults {
 public:
  using Compute = std::function<CaseResult(const Json&)>;

  // Computes it unless somebody has begun to.
  void Begin(const Json& key, const Compute& compute) {
    std::promise<CaseResult> promise;
    {
      const std::lock_guard lock(mutex_);
      if (results_.contains(key)) return;
      results_.emplace(key, promise.get_future().share());
    }
    try {
      promise.set_value(compute(key));
    } catch (...) {
      promise.set_exception(std::current_exception());
    }
  }
  // Waits for it; somebody must have begun.
  CaseResult Get(const Json& key) {
    std::shared_future<CaseResult> result;
    {
      const std::lock_guard lock(mutex_);
      result = results_.at(key);
    }
    return result.get();
  }

 private:
  std::mutex mutex_;
  std::map<Json, std::shared_future<CaseResult>> results_;
};

// body(config) of a case's training, or of those with each of the values that it selects from.
template <class Body>
void ForEachTraining(const Json& resolved_case, const Body& body) {
  if (!resolved_case.contains("select")) {
    body(ReadTrainConfig(resolved_case));
    return;
  }
  const ValueSelection selection = ReadSelection(resolved_case);
  for (size_t i = 0; i < selection.values.size(); ++i) {
    const Json with = WithValue(resolved_case, selection, selection.values[i]);
    try {
      Json document = with;  // the schema knows the file's keys; of the values it knows nothing
      document["name"] = "value";
      CheckAgainstSchema(document);
      body(ReadTrainConfig(with));
    } catch (const ConfigError& error) {
      const std::string place = PointerOf(selection.path);
      if (!error.pointer().starts_with(place)) throw;
      throw ConfigError(
          "/select/values/" + std::to_string(i) + error.pointer().substr(place.size()),
          error.message());
    }
  }
}

class TrainExperiment : public Experiment {
 public:
  void Validate(const Json& resolved_case) const override {
    ForEachTraining(resolved_case, CheckNormalizers);
  }

  // Its trainings come one after the other, so that the largest one counts.
  int64_t CaseBytes(const Json& resolved_case) const override {
    Saturated most;
    ForEachTraining(resolved_case,
                    [&](const TrainConfig& config) { most = std::max(most, TrainBytes(config)); });
    return most.value();
  }

  int64_t SharedBytes(const std::vector<Json>& resolved_cases) const override {
    std::set<Json> datasets;
    Saturated bytes;
    for (const Json& resolved : resolved_cases) {
      const Json& key = resolved.at("dataset");
      if (datasets.insert(key).second) bytes += LoadedBytes(ReadDatasetConfig(key, "/dataset"));
    }
    return bytes.value();
  }

  std::vector<Json> Trials(const Json& resolved_case) const override {
    if (!resolved_case.contains("select")) return {};
    return TrialsOf(resolved_case, ReadSelection(resolved_case));
  }

  void Prepare(const std::vector<Json>& resolved_cases, const RunSettings& settings) override {
    for (const Json& resolved : resolved_cases) {
      const Json& key = resolved.at("dataset");
      if (datasets_.contains(key)) continue;
      datasets_.emplace(key,
                        LoadDataset(ReadDatasetConfig(key, "/dataset"), settings.data_directory));
    }
  }

  nlohmann::ordered_json Data() const override {
    nlohmann::ordered_json data = nlohmann::ordered_json::object();
    for (const auto& [key, dataset] : datasets_) data[key.dump()] = Checksum(dataset);
    return data;
  }

  std::vector<CaseResult> Run(const Json& resolved_case) override {
    if (!resolved_case.contains("select")) return {RunCase(resolved_case)};
    const ValueSelection selection = ReadSelection(resolved_case);
    const std::vector<Json> trials = TrialsOf(resolved_case, selection);
    // First what nobody has begun, so that two workers at the same trials share them.
    const auto run = [&](const Json& trial) { return RunCase(trial); };
    for (const Json& trial : trials) trials_.Begin(trial, run);
    std::vector<CaseResult> results;
    results.reserve(trials.size());
    for (const Json& trial : trials) results.push_back(trials_.Get(trial));
    const std::vector<double> curve = SelectionCurve(selection, results);
    const size_t best = Best(curve);
    CaseResult result = RunCase(WithValue(resolved_case, selection, selection.values[best]));
    PutSelection(selection, curve, best, &result);
    return {std::move(result)};
  }

 private:
  CaseResult RunCase(const Json& resolved_case) {
    const TrainConfig config = ReadTrainConfig(resolved_case);
    if (!config.normalization_batch_size || config.normalizer_crosses_samples) {
      return Train(resolved_case);
    }
    Json effective = resolved_case;
    effective.erase("normalization_batch_size");
    flat_.Begin(effective, [&](const Json& one) { return Train(one); });
    CaseResult result = flat_.Get(effective);
    result.by_construction = true;
    result.reason += std::string(result.reason.empty() ? "" : "; ") +
                     "does not depend on normalization_batch_size: run once for all of them";
    return result;
  }

  CaseResult Train(const Json& resolved_case) const {
    const OneThread one_thread;
    return normsweep::Train(ReadTrainConfig(resolved_case),
                            datasets_.at(resolved_case.at("dataset")));
  }

  std::map<Json, Dataset> datasets_;
  SharedResults trials_, flat_;
};

}  // namespace

std::unique_ptr<Experiment> MakeTrainExperiment() { return std::make_unique<TrainExperiment>(); }

}  // namespace normsweep
