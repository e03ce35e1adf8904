#include "harness/experiments/train/train_experiment.h"

#include <omp.h>

#include <future>
#include <map>
#include <mutex>

#include "harness/data/dataset.h"
#include "harness/experiments/train/train_config.h"
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

class TrainExperiment : public Experiment {
 public:
  void Validate(const Json& resolved_case) const override {
    CheckNormalizers(ReadTrainConfig(resolved_case));
  }

  void Prepare(const std::vector<Json>& resolved_cases, const RunSettings& settings) override {
    for (const Json& resolved : resolved_cases) {
      const Json& key = resolved.at("dataset");
      if (datasets_.contains(key)) continue;
      datasets_.emplace(key,
                        LoadDataset(ReadDatasetConfig(key, "/dataset"), settings.data_directory));
    }
  }

  std::vector<CaseResult> Run(const Json& resolved_case) override {
    const TrainConfig config = ReadTrainConfig(resolved_case);
    if (!config.normalization_batch_size || config.normalizer_crosses_samples) {
      return {RunNow(config, resolved_case)};
    }
    Json effective = resolved_case;
    effective.erase("normalization_batch_size");
    CaseResult result = RunOnce(config, effective);
    result.by_construction = true;
    result.reason += std::string(result.reason.empty() ? "" : "; ") +
                     "does not depend on normalization_batch_size: run once for all of them";
    return {std::move(result)};
  }

 private:
  CaseResult RunNow(const TrainConfig& config, const Json& resolved_case) const {
    const OneThread one_thread;
    return Train(config, datasets_.at(resolved_case.at("dataset")));
  }

  // The first to ask runs the case, the others wait for its result.
  CaseResult RunOnce(const TrainConfig& config, const Json& effective_case) {
    std::promise<CaseResult> promise;
    std::shared_future<CaseResult> result;
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      auto& entry = shared_results_[effective_case];
      first = !entry.valid();
      if (first) entry = promise.get_future().share();
      result = entry;
    }
    if (first) {
      try {
        promise.set_value(RunNow(config, effective_case));
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    }
    return result.get();
  }

  std::map<Json, Dataset> datasets_;
  std::mutex mutex_;
  std::map<Json, std::shared_future<CaseResult>> shared_results_;
};

}  // namespace

std::unique_ptr<Experiment> MakeTrainExperiment() { return std::make_unique<TrainExperiment>(); }

}  // namespace normsweep
