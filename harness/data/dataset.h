// A data set in memory: images as float32, channels_last, and labels.
//
// | name     | images  | train / validation / test | source                                      |
// |----------|---------|---------------------------|---------------------------------------------|
// | gratings | 1x16x16 | 8,000 / 2,000 / 2,000     | generated (gratings.h)                      |
// | mnist    | 1x28x28 | 50,000 / 10,000 / 10,000  | IDX files of Y. LeCun, C. Cortes, C. Burges |
// | cifar10  | 3x32x32 | 45,000 / 5,000 / 10,000   | binary version, A. Krizhevsky 2009          |
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/nn/layer.h"

namespace normsweep {

struct DataPart {
  std::vector<float> images;    // [count, H, W, C]
  std::vector<int32_t> labels;  // 0 .. classes - 1
  int64_t count() const { return static_cast<int64_t>(labels.size()); }
};

struct Dataset {
  FeatureShape shape;
  int64_t classes = 10;
  DataPart train, validation, test;
};

enum class DatasetKind { kGratings, kMnist, kCifar10 };
enum class Standardization { kNone, kPerChannel, kPerFeature };  // a feature: a pixel's channel

struct DatasetConfig {
  DatasetKind kind = DatasetKind::kGratings;
  std::optional<int64_t> train_samples, validation_samples, test_samples;  // the first ones; all
  Standardization standardize = Standardization::kPerChannel;
  // Each feature is multiplied by 10^u first, u uniform in [-feature_spread, feature_spread]: raw
  // inputs of very different scales.
  double feature_spread = 0;
  int64_t seed = 0;  // gratings

  FeatureShape Shape() const;
  int64_t Classes() const { return 10; }
  int64_t TrainSamples() const;  // after the limits
  int64_t ValidationSamples() const;
  int64_t TestSamples() const;
};

// Throws ConfigError with pointers that start with `pointer`.
DatasetConfig ReadDatasetConfig(const nlohmann::json& json, const std::string& pointer);

// Standardized by mean and deviation of the training part, as configured. Throws DataError
// (data_file.h) where a file under `directory` is not what it should be.
Dataset LoadDataset(const DatasetConfig& config, const std::string& directory);

// "crc32:0a1b2c3d" of all images and labels as loaded, so that another data set is noticed.
std::string Checksum(const Dataset& dataset);

// Bytes that it takes at its peak: the file's images stay in memory whole, whatever the limits, the
// validation part twice, and while they are read they take up to 1.4 times as much (MNIST took 1.03
// times what is counted, CIFAR-10 1.27, with glibc 2.36).
int64_t LoadedBytes(const DatasetConfig& config);

// Splits off the last `validation` samples of `part`.
DataPart SplitTail(DataPart* part, int64_t validation, const FeatureShape& shape);

}  // namespace normsweep
