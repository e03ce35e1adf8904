#include "harness/data/dataset.h"

#include <zlib.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "harness/config/config_error.h"
#include "harness/data/data_file.h"
#include "harness/testing/folder.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::ContainsSubstring;
using Json = nlohmann::json;

std::string BigEndian(uint32_t number) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(number >> shift & 255);
  return bytes;
}

std::string MnistImages(uint32_t count) {
  std::string bytes = BigEndian(0x803) + BigEndian(count) + BigEndian(28) + BigEndian(28);
  for (uint32_t i = 0; i < count * 784; ++i) bytes += static_cast<char>(i % 251);
  return bytes;
}

std::string MnistLabels(uint32_t count) {
  std::string bytes = BigEndian(0x801) + BigEndian(count);
  for (uint32_t i = 0; i < count; ++i) bytes += static_cast<char>(i % 10);
  return bytes;
}

void WriteMnist(const TestFolder& directory) {
  directory.Write("mnist/train-images-idx3-ubyte", MnistImages(60000));
  directory.Write("mnist/train-labels-idx1-ubyte", MnistLabels(60000));
  directory.Write("mnist/t10k-images-idx3-ubyte", MnistImages(10000));
  directory.Write("mnist/t10k-labels-idx1-ubyte", MnistLabels(10000));
}

DatasetConfig Config(const char* text) { return ReadDatasetConfig(Json::parse(text), "/dataset"); }

std::string ErrorOf(const char* config, const std::string& directory) {
  try {
    LoadDataset(Config(config), directory);
  } catch (const DataError& e) {
    return e.what();
  }
  return "no error";
}

struct Spread {
  double mean = 0, deviation = 0;
};

Spread SpreadOf(const DataPart& part, size_t feature, size_t features) {
  double sum = 0, squares = 0;
  for (size_t i = feature; i < part.images.size(); i += features) {
    const auto v = static_cast<double>(part.images[i]);
    sum += v;
    squares += v * v;
  }
  const auto n = static_cast<double>(part.count());
  return {sum / n, std::sqrt(squares / n - sum / n * sum / n)};
}

TEST_CASE("features are spread over decades, and standardized one by one", "[data]") {
  const Dataset plain = LoadDataset(Config(R"({"name": "gratings", "standardize": false})"), "");
  const Dataset raw =
      LoadDataset(Config(R"({"name": "gratings", "standardize": false, "feature_spread": 2})"), "");
  const Dataset each = LoadDataset(
      Config(R"({"name": "gratings", "standardize": "per_feature", "feature_spread": 2})"), "");
  double least = 1e9, most = 0;
  for (size_t feature = 0; feature < 256; ++feature) {
    const float scale = raw.train.images[feature] / plain.train.images[feature];
    least = std::min(least, static_cast<double>(scale));
    most = std::max(most, static_cast<double>(scale));
    CHECK(raw.test.images[feature] == Approx(scale * plain.test.images[feature]).epsilon(1e-5));
    const Spread spread = SpreadOf(each.train, feature, 256);
    CHECK(spread.mean == Approx(0).margin(1e-4));
    CHECK(spread.deviation == Approx(1).epsilon(1e-4));
  }
  CHECK(least >= 0.01);
  CHECK(least < 0.02);
  CHECK(most > 50);
  CHECK(most <= 100);
}

TEST_CASE("MNIST files are read, split and standardized", "[data]") {
  const TestFolder directory;
  WriteMnist(directory);
  const Dataset raw =
      LoadDataset(Config(R"({"name": "mnist", "standardize": false})"), directory.path());
  CHECK(raw.train.count() == 50000);
  CHECK(raw.validation.count() == 10000);
  CHECK(raw.test.count() == 10000);
  CHECK(raw.train.images[1] == 1.0f / 255);
  // The validation part begins with training image 50,000.
  CHECK(raw.validation.images[0] == static_cast<float>(50000 * 784 % 251) / 255);
  CHECK(raw.validation.labels[3] == 3);

  const Dataset dataset = LoadDataset(
      Config(R"({"name": "mnist", "train_samples": 100, "test_samples": 7})"), directory.path());
  CHECK(dataset.train.count() == 100);
  CHECK(dataset.test.count() == 7);
  double sum = 0, squares = 0;
  for (const float pixel : dataset.train.images) {
    sum += static_cast<double>(pixel);
    squares += static_cast<double>(pixel) * static_cast<double>(pixel);
  }
  CHECK(sum / 78400 == Approx(0).margin(1e-6));
  CHECK(squares / 78400 == Approx(1).epsilon(1e-5));
}

TEST_CASE("gzip-compressed files are read as plain ones", "[data]") {
  const TestFolder directory;
  WriteMnist(directory);
  const fs::path labels = fs::path(directory.path()) / "mnist/train-labels-idx1-ubyte";
  const std::string content = MnistLabels(60000);
  const gzFile out = gzopen((labels.string() + ".gz").c_str(), "wb");
  gzwrite(out, content.data(), static_cast<unsigned>(content.size()));
  gzclose(out);
  fs::remove(labels);
  const Dataset dataset = LoadDataset(Config(R"({"name": "mnist"})"), directory.path());
  CHECK(dataset.train.labels[13] == 3);
}

TEST_CASE("wrong files are errors that name the file, its size and how to get it", "[data]") {
  const TestFolder directory;
  const char* mnist = R"({"name": "mnist"})";
  CHECK_THAT(ErrorOf(mnist, ""),
             ContainsSubstring("no data directory") && ContainsSubstring("NORMSWEEP_DATA"));
  CHECK_THAT(ErrorOf(mnist, directory.path()),
             ContainsSubstring("mnist/train-images-idx3-ubyte: not found") &&
                 ContainsSubstring("47040016 bytes") &&
                 ContainsSubstring("scripts/fetch-data mnist " + directory.path()));
  CHECK_THAT(ErrorOf(R"({"name": "cifar10"})", directory.path()),
             ContainsSubstring("cifar-10-batches-bin/data_batch_1.bin: not found") &&
                 ContainsSubstring("30730000 bytes") &&
                 ContainsSubstring("scripts/fetch-data cifar10"));

  WriteMnist(directory);
  directory.Write("mnist/train-labels-idx1-ubyte", MnistLabels(59999));
  CHECK_THAT(ErrorOf(mnist, directory.path()),
             ContainsSubstring("train-labels-idx1-ubyte: has only 60007 bytes") &&
                 ContainsSubstring("60008"));
  directory.Write("mnist/train-labels-idx1-ubyte", MnistLabels(60000) + "x");
  CHECK_THAT(ErrorOf(mnist, directory.path()), ContainsSubstring("too many bytes"));
  directory.Write("mnist/train-labels-idx1-ubyte", BigEndian(0x803) + MnistLabels(60000).substr(4));
  CHECK_THAT(ErrorOf(mnist, directory.path()), ContainsSubstring("header number 2051 for 2049"));
  directory.Write("mnist/train-labels-idx1-ubyte", MnistLabels(60000).replace(20, 1, "\x0b"));
  CHECK_THAT(ErrorOf(mnist, directory.path()), ContainsSubstring("has a label 11"));

  fs::remove(fs::path(directory.path()) / "mnist/train-labels-idx1-ubyte");
  directory.Write("mnist/train-labels-idx1-ubyte.gz", "\x1f\x8b\x08 broken");
  CHECK_THAT(ErrorOf(mnist, directory.path()), ContainsSubstring("train-labels-idx1-ubyte"));
}

TEST_CASE("CIFAR-10 colours become the last axis", "[data]") {
  const TestFolder directory;
  // A data batch of 10,000 records, as published.
  std::string content(30730000, '\0');  // NOLINT(bugprone-string-constructor)
  content[3073] = 7;                    // label of the second record
  content[3074 + 5] = 51;               // its red at pixel 5
  content[3074 + 1029] = 102;           // its green at pixel 5
  for (const char* name : {"data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4",
                           "data_batch_5", "test_batch"}) {
    directory.Write(std::string("cifar-10-batches-bin/") + name + ".bin", content);
  }
  const Dataset dataset =
      LoadDataset(Config(R"({"name": "cifar10", "standardize": false})"), directory.path());
  CHECK(dataset.train.count() == 45000);
  CHECK(dataset.validation.count() == 5000);
  CHECK(dataset.test.count() == 10000);
  CHECK(dataset.train.labels[1] == 7);
  const size_t pixel = 3072 + 5 * 3;
  CHECK(dataset.train.images[pixel] == 0.2f);
  CHECK(dataset.train.images[pixel + 1] == 0.4f);
  CHECK(dataset.train.images[pixel + 2] == 0.0f);
}

TEST_CASE("a data set's config is checked", "[data]") {
  CHECK_THROWS_WITH(Config(R"({"name": "minst"})"),
                    ContainsSubstring("/dataset/name") && ContainsSubstring("mnist"));
  CHECK_THROWS_WITH(Config(R"({"name": "gratings", "train_samples": 8001})"),
                    ContainsSubstring("/dataset/train_samples") && ContainsSubstring("8000"));
  CHECK_THROWS_WITH(Config(R"({"name": "mnist", "seed": 1})"), ContainsSubstring("/dataset/seed"));
  CHECK_THROWS_WITH(Config(R"({"name": "gratings", "standardise": true})"),
                    ContainsSubstring("/dataset/standardise"));
}

TEST_CASE("the real files are what they should be", "[data]") {
  const char* directory = std::getenv("NORMSWEEP_DATA");
  if (directory == nullptr) {
    WARN("skipped: NORMSWEEP_DATA names no directory with the real data sets");
    return;
  }
  const Dataset mnist =
      LoadDataset(Config(R"({"name": "mnist", "standardize": false})"), directory);
  CHECK(mnist.train.labels[0] == 5);  // the well-known first digits: 5 0 4 1 9
  CHECK(mnist.train.labels[4] == 9);
  CHECK(mnist.test.labels[0] == 7);
  const Dataset cifar = LoadDataset(Config(R"({"name": "cifar10"})"), directory);
  for (int32_t label = 0; label < 10; ++label) {
    CHECK(std::count(cifar.test.labels.begin(), cifar.test.labels.end(), label) == 1000);
  }
}

}  // namespace
}  // namespace normsweep
