// One training case, read from a resolved config; the README of the configs is configs/schema.json.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/data/dataset.h"
#include "harness/experiments/train/measure_config.h"
#include "harness/nn/network.h"
#include "harness/nn/optimizer.h"

namespace normsweep {

struct TrainConfig {
  DatasetConfig dataset;
  NetworkConfig network;
  NormalizerSpec normalizer;   // with what follows from the training: ramp, normalization batch
  int64_t init_samples = 500;  // of weight norm's data-dependent start; 0: none

  int64_t epochs = 1;
  double learning_rate = 0.1;
  std::optional<int64_t> reference_batch_size;
  double momentum = 0.9;
  double weight_decay = 0;
  double spectral_penalty = 0;  // lambda of harness/nn/spectral_penalty.h
  Schedule::Kind schedule = Schedule::Kind::kCosine;
  double warmup_fraction = 0;
  bool drop_last = true;
  std::optional<double> target_error;  // percent
  int64_t evaluations_per_epoch = 1;

  MeasureConfig measure;

  int64_t recompute_samples = 2000;
  std::optional<int64_t> recompute_batch_size;

  int64_t batch_size = 32;
  std::optional<int64_t> normalization_batch_size;
  bool normalizer_crosses_samples = false;  // it has an option normalization_batch_size
  int64_t seed = 1;

  int64_t StepsPerEpoch() const;
  int64_t StatisticsBatchSize() const { return normalization_batch_size.value_or(batch_size); }
  int64_t Steps() const { return epochs * StepsPerEpoch(); }
  int64_t LastBatchSize() const;  // of an epoch
  double PeakLearningRate() const;
  Schedule MakeSchedule() const;
  NetworkOptions MakeNetworkOptions() const;
};

// Throws ConfigError with pointers into the case: for keys, types and ranges, and for normalizers
// that cannot be in this network at this batch size (creates each of them to see).
TrainConfig ReadTrainConfig(const nlohmann::json& resolved_case);
void CheckNormalizers(const TrainConfig& config);

}  // namespace normsweep
