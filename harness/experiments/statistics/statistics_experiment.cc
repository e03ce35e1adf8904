#include "harness/experiments/statistics/statistics_experiment.h"

#include <algorithm>
#include <map>
#include <set>

#include "harness/experiments/statistics/population.h"
#include "harness/experiments/statistics/statistics_memory.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

// What the population depends on; cases that differ in the batch size or normalizer share it.
Json PopulationKey(const Json& resolved_case) {
  Json key = Json::object();
  for (const char* name : {"dataset", "network", "gaussian", "population_samples", "seed"}) {
    if (resolved_case.contains(name)) key[name] = resolved_case[name];
  }
  if (resolved_case.contains("normalizer")) {
    key["kept"] = resolved_case.value("running_images", Json());  // null: as many as by default
  }
  return key;
}

nlohmann::ordered_json MetricsOf(const ImageMoments& moments, const BatchError& e, double level) {
  nlohmann::ordered_json metrics;
  metrics["channels"] = moments.channels;
  metrics["positions"] = moments.positions;
  metrics["rho"] = moments.Rho();
  metrics["mean_error"] = e.mean_error;
  metrics["mean_error_theory"] = e.mean_error_theory;
  metrics["mean_error_if_independent"] = e.independent_error;
  metrics["variance_error"] = e.variance_error;
  metrics["output_distance"] = e.output_distance;
  metrics["mate_spread"] = e.mate_spread;
  metrics["divergence"] = e.divergence;
  metrics["r"] = e.r;
  metrics["d"] = e.d;
  metrics["r_clipped"] = e.r_clipped;
  metrics["d_clipped"] = e.d_clipped;
  metrics["batch_size_for_level"] = BatchSizeForError(moments.Rho(), level);
  return metrics;
}

void AddRunning(const KeptImages& images, const StatisticsConfig& config,
                nlohmann::ordered_json* metrics) {
  const RunningError e =
      MeasureRunning(images, {config.running->normalizer, config.errors.batch_size,
                              config.running->updates, config.errors.seed});
  (*metrics)["running_mean_error"] = e.mean_error;
  (*metrics)["running_variance_ratio"] = e.variance_ratio;
  (*metrics)["eval_distance"] = e.eval_distance;
  (*metrics)["dialect_distance"] = e.dialect_distance;
  (*metrics)["train_distance"] = e.train_distance;
}

class StatisticsExperiment : public Experiment {
 public:
  void Validate(const Json& resolved_case) const override { ReadStatisticsConfig(resolved_case); }

  int64_t CaseBytes(const Json& resolved_case) const override {
    return StatisticsCaseBytes(ReadStatisticsConfig(resolved_case)).value();
  }

  // Every population, the data sets that Prepare reads them from, and the largest making of one.
  int64_t SharedBytes(const std::vector<Json>& resolved_cases) const override {
    std::set<Json> populations, datasets;
    Saturated bytes, making;
    for (const Json& resolved : resolved_cases) {
      if (!populations.insert(PopulationKey(resolved)).second) continue;
      const StatisticsConfig config = ReadStatisticsConfig(resolved);
      bytes += PopulationBytes(config);
      making = std::max(making, MakingBytes(config));
      if (!config.gaussian && datasets.insert(resolved["dataset"]).second) {
        bytes += LoadedBytes(config.dataset);
      }
    }
    return (bytes + making).value();
  }

  void Prepare(const std::vector<Json>& resolved_cases, const RunSettings& settings) override {
    std::map<Json, Dataset> datasets;
    for (const Json& resolved : resolved_cases) {
      const Json key = PopulationKey(resolved);
      if (populations_.contains(key)) continue;
      const StatisticsConfig config = ReadStatisticsConfig(resolved);
      if (config.gaussian) {
        populations_.emplace(key, GaussianPopulation(config));
        continue;
      }
      auto dataset = datasets.find(resolved["dataset"]);
      if (dataset == datasets.end()) {
        dataset =
            datasets
                .emplace(resolved["dataset"], LoadDataset(config.dataset, settings.data_directory))
                .first;
        data_[resolved["dataset"].dump()] = Checksum(dataset->second);
      }
      populations_.emplace(key, NetworkPopulation(config, dataset->second));
    }
  }

  nlohmann::ordered_json Data() const override { return data_; }

  std::vector<CaseResult> Run(const Json& resolved_case) override {
    const StatisticsConfig config = ReadStatisticsConfig(resolved_case);
    const auto& layers = populations_.at(PopulationKey(resolved_case));
    std::vector<CaseResult> rows;
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      const ImageMoments& moments = layers[layer].moments;
      CaseResult row;
      row.columns["layer"] = layer + 1;
      if (config.errors.batch_size * moments.positions < 2) {
        row.status = "SKIPPED";
        row.reason = "one value a channel has no variance";
      } else {
        row.metrics = MetricsOf(moments, MeasureBatchError(moments, config.errors), config.level);
        if (config.running) AddRunning(*layers[layer].kept, config, &row.metrics);
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  std::map<Json, std::vector<LayerPopulation>> populations_;
  nlohmann::ordered_json data_ = nlohmann::ordered_json::object();
};

}  // namespace

std::unique_ptr<Experiment> MakeStatisticsExperiment() {
  return std::make_unique<StatisticsExperiment>();
}

}  // namespace normsweep
