#include "harness/data/cifar10.h"

#include "harness/data/data_file.h"

namespace normsweep {
namespace {

constexpr size_t kChannels = 3, kPixels = 32 * 32, kRecords = 10000;
constexpr size_t kRecordBytes = 1 + kChannels * kPixels;

void AppendFile(const std::string& directory, const std::string& name, DataPart* part) {
  const DataFile file{"cifar-10-batches-bin/" + name, int64_t{kRecords * kRecordBytes}, "cifar10"};
  const std::vector<uint8_t> content = ReadDataFile(directory, file);
  part->images.reserve(part->images.size() + kRecords * kChannels * kPixels);
  for (const uint8_t* record = content.data(); record < content.data() + content.size();
       record += kRecordBytes) {
    if (record[0] > 9) ThrowForeign(directory, file, "has a label " + std::to_string(record[0]));
    part->labels.push_back(record[0]);
    for (size_t p = 0; p < kPixels; ++p) {
      for (size_t c = 0; c < kChannels; ++c) {
        part->images.push_back(static_cast<float>(record[1 + c * kPixels + p]) / 255);
      }
    }
  }
}

}  // namespace

Dataset LoadCifar10(const std::string& directory) {
  Dataset dataset;
  dataset.shape = {3, 32, 32};
  for (const char batch : {'1', '2', '3', '4', '5'}) {
    AppendFile(directory, std::string("data_batch_") + batch + ".bin", &dataset.train);
  }
  dataset.validation = SplitTail(&dataset.train, 5000, dataset.shape);
  AppendFile(directory, "test_batch.bin", &dataset.test);
  return dataset;
}

}  // namespace normsweep
