#include "harness/experiments/statistics/statistics_experiment.h"

#include <map>

#include "harness/experiments/statistics/population.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

// What the population depends on; cases that differ in the batch size share it.
Json PopulationKey(const Json& resolved_case) {
  Json key = Json::object();
  for (const char* name : {"dataset", "network", "gaussian", "population_samples", "seed"}) {
    if (resolved_case.contains(name)) key[name] = resolved_case[name];
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

class StatisticsExperiment : public Experiment {
 public:
  void Validate(const Json& resolved_case) const override { ReadStatisticsConfig(resolved_case); }

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
      }
      populations_.emplace(key, NetworkPopulation(config, dataset->second));
    }
  }

  std::vector<CaseResult> Run(const Json& resolved_case) override {
    const StatisticsConfig config = ReadStatisticsConfig(resolved_case);
    const auto& layers = populations_.at(PopulationKey(resolved_case));
    std::vector<CaseResult> rows;
    for (size_t layer = 0; layer < layers.size(); ++layer) {
      CaseResult row;
      row.columns["layer"] = layer + 1;
      if (config.errors.batch_size * layers[layer].positions < 2) {
        row.status = "SKIPPED";
        row.reason = "one value a channel has no variance";
      } else {
        row.metrics =
            MetricsOf(layers[layer], MeasureBatchError(layers[layer], config.errors), config.level);
      }
      rows.push_back(std::move(row));
    }
    return rows;
  }

 private:
  std::map<Json, std::vector<ImageMoments>> populations_;
};

}  // namespace

std::unique_ptr<Experiment> MakeStatisticsExperiment() {
  return std::make_unique<StatisticsExperiment>();
}

}  // namespace normsweep
