#include "harness/data/dataset.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "harness/data/cifar10.h"
#include "harness/data/gratings.h"
#include "harness/data/mnist.h"
#include "harness/nn/config_reader.h"
#include "norms/random.h"

namespace normsweep {
namespace {

constexpr uint64_t kFeatureSeed = 0x5CA1E5;  // one set of scales for all trainings
constexpr double kMostDecades = 6;           // their squares stay within float32

struct Sizes {
  FeatureShape shape;
  int64_t train, validation, test;
};

Sizes SizesOf(DatasetKind kind) {
  switch (kind) {
    case DatasetKind::kMnist: return {{1, 28, 28}, 50000, 10000, 10000};
    case DatasetKind::kCifar10: return {{3, 32, 32}, 45000, 5000, 10000};
    case DatasetKind::kGratings: break;
  }
  return {{1, 16, 16}, 8000, 2000, 2000};
}

void KeepFirst(DataPart* part, int64_t count, const FeatureShape& shape) {
  part->images.resize(static_cast<size_t>(count * shape.Elements()));
  part->labels.resize(static_cast<size_t>(count));
}

// Values first, first + step, ... of the images are given mean 0 and deviation 1 over the training
// part; a constant keeps its scale.
void StandardizeEvery(size_t step, size_t first, Dataset* dataset) {
  const std::vector<float>& train = dataset->train.images;
  const double count = static_cast<double>(train.size()) / static_cast<double>(step);
  double mean = 0, squares = 0;
  for (size_t i = first; i < train.size(); i += step) mean += static_cast<double>(train[i]);
  mean /= count;
  for (size_t i = first; i < train.size(); i += step) {
    const double t = static_cast<double>(train[i]) - mean;
    squares += t * t;
  }
  const double deviation = std::sqrt(squares / count);
  const double scale = deviation > 0 ? 1 / deviation : 1;
  for (DataPart* part : {&dataset->train, &dataset->validation, &dataset->test}) {
    for (size_t i = first; i < part->images.size(); i += step) {
      part->images[i] = static_cast<float>((static_cast<double>(part->images[i]) - mean) * scale);
    }
  }
}

void Standardize(Standardization how, Dataset* dataset) {
  if (how == Standardization::kNone) return;
  const int64_t step =
      how == Standardization::kPerChannel ? dataset->shape.channels : dataset->shape.Elements();
  for (int64_t i = 0; i < step; ++i) {
    StandardizeEvery(static_cast<size_t>(step), static_cast<size_t>(i), dataset);
  }
}

void SpreadFeatures(double decades, Dataset* dataset) {
  if (decades == 0) return;
  Random random(kFeatureSeed, 0);
  const auto features = static_cast<size_t>(dataset->shape.Elements());
  for (size_t feature = 0; feature < features; ++feature) {
    const auto scale = static_cast<float>(std::pow(10, decades * (2 * random.Uniform() - 1)));
    for (DataPart* part : {&dataset->train, &dataset->validation, &dataset->test}) {
      for (size_t i = feature; i < part->images.size(); i += features) part->images[i] *= scale;
    }
  }
}

// true, false or "per_feature".
void ReadStandardize(ConfigReader* reader, Standardization* standardize) {
  const nlohmann::json* given = reader->Any("standardize");
  if (given == nullptr) return;
  if (*given == "per_feature") {
    *standardize = Standardization::kPerFeature;
  } else if (given->is_boolean()) {
    *standardize = given->get<bool>() ? Standardization::kPerChannel : Standardization::kNone;
  } else {
    throw ConfigError(reader->pointer() + "/standardize",
                      given->dump() + ", expected true, false or \"per_feature\"");
  }
}

void ReadLimit(ConfigReader* reader, const char* key, int64_t available,
               std::optional<int64_t>* limit) {
  reader->Integer(key, limit, 1);
  if (limit->has_value() && **limit > available) {
    throw ConfigError(reader->pointer() + "/" + key, std::to_string(**limit) +
                                                         ", expected at most the " +
                                                         std::to_string(available) + " there are");
  }
}

}  // namespace

FeatureShape DatasetConfig::Shape() const { return SizesOf(kind).shape; }
int64_t DatasetConfig::TrainSamples() const { return train_samples.value_or(SizesOf(kind).train); }
int64_t DatasetConfig::ValidationSamples() const {
  return validation_samples.value_or(SizesOf(kind).validation);
}
int64_t DatasetConfig::TestSamples() const { return test_samples.value_or(SizesOf(kind).test); }

DatasetConfig ReadDatasetConfig(const nlohmann::json& json, const std::string& pointer) {
  DatasetConfig config;
  ConfigReader reader(json, pointer);
  reader.Require("name");
  reader.Choice("name", &config.kind,
                {{"gratings", DatasetKind::kGratings},
                 {"mnist", DatasetKind::kMnist},
                 {"cifar10", DatasetKind::kCifar10}});
  const Sizes sizes = SizesOf(config.kind);
  ReadLimit(&reader, "train_samples", sizes.train, &config.train_samples);
  ReadLimit(&reader, "validation_samples", sizes.validation, &config.validation_samples);
  ReadLimit(&reader, "test_samples", sizes.test, &config.test_samples);
  ReadStandardize(&reader, &config.standardize);
  reader.Number("feature_spread", &config.feature_spread, 0, kMostDecades);
  if (config.kind == DatasetKind::kGratings) reader.Integer("seed", &config.seed, 0);
  reader.Finish();
  return config;
}

int64_t LoadedBytes(const DatasetConfig& config) {
  const Sizes sizes = SizesOf(config.kind);
  const int64_t samples = sizes.train + 2 * sizes.validation + sizes.test;
  const auto sample = sizes.shape.Elements() * static_cast<int64_t>(sizeof(float)) +
                      static_cast<int64_t>(sizeof(int32_t));
  return samples * sample / 10 * 14;
}

DataPart SplitTail(DataPart* part, int64_t validation, const FeatureShape& shape) {
  const int64_t kept = part->count() - validation;
  DataPart tail;
  tail.images.assign(part->images.begin() + kept * shape.Elements(), part->images.end());
  tail.labels.assign(part->labels.begin() + kept, part->labels.end());
  KeepFirst(part, kept, shape);
  return tail;
}

Dataset LoadDataset(const DatasetConfig& config, const std::string& directory) {
  Dataset dataset;
  switch (config.kind) {
    case DatasetKind::kGratings: dataset = MakeGratings(static_cast<uint64_t>(config.seed)); break;
    case DatasetKind::kMnist: dataset = LoadMnist(directory); break;
    case DatasetKind::kCifar10: dataset = LoadCifar10(directory); break;
  }
  KeepFirst(&dataset.train, config.TrainSamples(), dataset.shape);
  KeepFirst(&dataset.validation, config.ValidationSamples(), dataset.shape);
  KeepFirst(&dataset.test, config.TestSamples(), dataset.shape);
  SpreadFeatures(config.feature_spread, &dataset);
  Standardize(config.standardize, &dataset);
  return dataset;
}

std::string Checksum(const Dataset& dataset) {
  uLong sum = crc32_z(0, nullptr, 0);
  const auto add = [&sum](const auto& values) {
    sum = crc32_z(sum, reinterpret_cast<const Bytef*>(values.data()),
                  values.size() * sizeof(values[0]));
  };
  for (const DataPart* part : {&dataset.train, &dataset.validation, &dataset.test}) {
    add(part->images);
    add(part->labels);
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "crc32:%08lx", sum);
  return text.data();
}

}  // namespace normsweep
