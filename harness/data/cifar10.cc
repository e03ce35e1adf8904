#include "harness/data/cifar10.h"

#include "harness/data/data_file.h"

namespace normsweep {
namespace {

constexpr size_t kChannels = 3, kPixels = 32 * 32, kRecords = 10000;

size_t RecordBytes(size_t pixels) { return 1 + kChannels * pixels; }

void AppendFile(const std::string& directory, const std::string& name, DataPart* part) {
  const DataFile file{"cifar-10-batches-bin/" + name,
                      static_cast<int64_t>(kRecords * RecordBytes(kPixels)), "cifar10"};
  ParseDataFile(directory, file, [&](std::span<const uint8_t> content) {
    AppendCifarRecords(content, kPixels, part);
  });
}

}  // namespace

void AppendCifarRecords(std::span<const uint8_t> content, size_t pixels, DataPart* part) {
  const size_t size = RecordBytes(pixels), records = content.size() / size;
  if (content.size() % size != 0) throw Error("ends within a record");
  for (size_t r = 0; r < records; ++r) {
    const uint8_t label = content[r * size];
    if (label > 9) throw Error("has a label " + std::to_string(label));
  }
  part->images.reserve(part->images.size() + records * kChannels * pixels);
  for (size_t r = 0; r < records; ++r) {
    const std::span<const uint8_t> record = content.subspan(r * size, size);
    part->labels.push_back(record[0]);
    for (size_t p = 0; p < pixels; ++p) {
      for (size_t c = 0; c < kChannels; ++c) {
        part->images.push_back(static_cast<float>(record[1 + c * pixels + p]) / 255);
      }
    }
  }
}

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
