#include "harness/data/mnist.h"

#include <array>

#include "harness/data/data_file.h"

namespace normsweep {
namespace {

// An IDX file of unsigned bytes: a number that says so and how many sizes follow, the sizes, the
// values. All numbers are big-endian.
constexpr uint32_t kUnsignedBytes = 0x800;

size_t HeaderBytes(size_t dimensions) { return 4 * (1 + dimensions); }

uint64_t FileBytes(std::span<const uint32_t> sizes) {
  uint64_t values = 1;
  for (const uint32_t size : sizes) values *= size;
  return HeaderBytes(sizes.size()) + values;
}

void CheckNumber(std::span<const uint8_t> content, size_t index, uint32_t expected) {
  const std::span<const uint8_t> bytes = content.subspan(4 * index, 4);
  const uint32_t number = uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 |
                          uint32_t{bytes[2]} << 8 | uint32_t{bytes[3]};
  if (number == expected) return;
  throw Error("is not the IDX file: header number " + std::to_string(number) + " for " +
              std::to_string(expected));
}

// The values; the header must be that of these sizes.
std::span<const uint8_t> ParseIdx(std::span<const uint8_t> content,
                                  std::span<const uint32_t> sizes) {
  if (content.size() != FileBytes(sizes)) {
    throw Error("is not the IDX file: " + std::to_string(content.size()) + " bytes for " +
                std::to_string(FileBytes(sizes)));
  }
  CheckNumber(content, 0, kUnsignedBytes | static_cast<uint32_t>(sizes.size()));
  for (size_t i = 0; i < sizes.size(); ++i) CheckNumber(content, 1 + i, sizes[i]);
  return content.subspan(HeaderBytes(sizes.size()));
}

DataPart LoadPart(const std::string& directory, const std::string& prefix, uint32_t count) {
  const std::array<uint32_t, 3> sizes = {count, 28, 28};
  const auto file = [&](const std::string& kind, std::span<const uint32_t> of) {
    return DataFile{"mnist/" + prefix + kind, static_cast<int64_t>(FileBytes(of)), "mnist"};
  };
  DataPart part;
  ParseDataFile(
      directory, file("-images-idx3-ubyte", sizes),
      [&](std::span<const uint8_t> content) { part.images = ParseIdxImages(content, sizes); });
  ParseDataFile(
      directory, file("-labels-idx1-ubyte", std::span(sizes).first(1)),
      [&](std::span<const uint8_t> content) { part.labels = ParseIdxLabels(content, count); });
  return part;
}

}  // namespace

std::vector<float> ParseIdxImages(std::span<const uint8_t> content,
                                  std::span<const uint32_t, 3> sizes) {
  const std::span<const uint8_t> pixels = ParseIdx(content, sizes);
  std::vector<float> images;
  images.reserve(pixels.size());
  for (const uint8_t pixel : pixels) images.push_back(static_cast<float>(pixel) / 255);
  return images;
}

std::vector<int32_t> ParseIdxLabels(std::span<const uint8_t> content, uint32_t count) {
  const std::span<const uint8_t> digits = ParseIdx(content, std::span(&count, 1));
  for (const uint8_t digit : digits) {
    if (digit > 9) throw Error("has a label " + std::to_string(digit));
  }
  return {digits.begin(), digits.end()};
}

Dataset LoadMnist(const std::string& directory) {
  Dataset dataset;
  dataset.shape = {1, 28, 28};
  dataset.train = LoadPart(directory, "train", 60000);
  dataset.validation = SplitTail(&dataset.train, 10000, dataset.shape);
  dataset.test = LoadPart(directory, "t10k", 10000);
  return dataset;
}

}  // namespace normsweep
