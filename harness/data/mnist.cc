#include "harness/data/mnist.h"

#include <array>
#include <span>

#include "harness/data/data_file.h"

namespace normsweep {
namespace {

constexpr int64_t kPixels = 28 * 28;

// Checks the header of big-endian 32-bit numbers and takes it off.
std::span<const uint8_t> CheckHeader(const std::string& directory, const DataFile& file,
                                     std::span<const uint8_t> content,
                                     std::span<const uint32_t> header) {
  for (const uint32_t expected : header) {
    const uint32_t number = uint32_t{content[0]} << 24 | uint32_t{content[1]} << 16 |
                            uint32_t{content[2]} << 8 | uint32_t{content[3]};
    if (number != expected) {
      ThrowForeign(directory, file,
                   "is not the IDX file: header number " + std::to_string(number) + " for " +
                       std::to_string(expected));
    }
    content = content.subspan(4);
  }
  return content;
}

DataPart LoadPart(const std::string& directory, const std::string& prefix, uint32_t count) {
  const DataFile images{"mnist/" + prefix + "-images-idx3-ubyte", 16 + int64_t{count} * kPixels,
                        "mnist"};
  const DataFile labels{"mnist/" + prefix + "-labels-idx1-ubyte", 8 + int64_t{count}, "mnist"};
  DataPart part;
  const std::vector<uint8_t> pixels = ReadDataFile(directory, images);
  const std::array<uint32_t, 4> image_header = {0x803, count, 28, 28};
  for (const uint8_t pixel : CheckHeader(directory, images, pixels, image_header)) {
    part.images.push_back(static_cast<float>(pixel) / 255);
  }
  const std::vector<uint8_t> digits = ReadDataFile(directory, labels);
  const std::array<uint32_t, 2> label_header = {0x801, count};
  for (const uint8_t digit : CheckHeader(directory, labels, digits, label_header)) {
    if (digit > 9) ThrowForeign(directory, labels, "has a label " + std::to_string(digit));
    part.labels.push_back(digit);
  }
  return part;
}

}  // namespace

Dataset LoadMnist(const std::string& directory) {
  Dataset dataset;
  dataset.shape = {1, 28, 28};
  dataset.train = LoadPart(directory, "train", 60000);
  dataset.validation = SplitTail(&dataset.train, 10000, dataset.shape);
  dataset.test = LoadPart(directory, "t10k", 10000);
  return dataset;
}

}  // namespace normsweep
