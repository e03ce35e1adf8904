// IDX files of a few small images. The last bytes of an input say how many and how large, so that
// the readers' size check can be passed at all; the rest is the file.
#include "harness/data/mnist.h"

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <array>

#include "harness/data/data_file.h"
#include "harness/testing/fuzzing.h"

namespace normsweep {
namespace {

void Images(std::span<const char> file, const std::array<uint32_t, 3>& sizes) {
  const int64_t values = int64_t{sizes[0]} * sizes[1] * sizes[2];
  const std::vector<uint8_t> content = Unpack(FileInMemory(file), 16 + values);
  const std::vector<float> images = ParseIdxImages(content, sizes);
  Require(static_cast<int64_t>(images.size()) == values, "one number for each pixel");
  const bool in_range = std::all_of(images.begin(), images.end(),
                                    [](float pixel) { return pixel >= 0 && pixel <= 1; });
  Require(in_range, "pixels from 0 to 1");
}

void Labels(std::span<const char> file, uint32_t count) {
  const std::vector<uint8_t> content = Unpack(FileInMemory(file), 8 + int64_t{count});
  const std::vector<int32_t> labels = ParseIdxLabels(content, count);
  Require(labels.size() == count, "one label for each image");
  const bool in_range = std::all_of(labels.begin(), labels.end(),
                                    [](int32_t label) { return label >= 0 && label <= 9; });
  Require(in_range, "labels from 0 to 9");
}

}  // namespace
}  // namespace normsweep

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const bool labels = input.ConsumeBool();
  const std::array<uint32_t, 3> sizes = {input.ConsumeIntegralInRange<uint32_t>(0, 9),
                                         input.ConsumeIntegralInRange<uint32_t>(0, 5),
                                         input.ConsumeIntegralInRange<uint32_t>(0, 5)};
  const std::vector<char> file = input.ConsumeRemainingBytes<char>();
  try {
    if (labels) {
      normsweep::Labels(file, sizes[0]);
    } else {
      normsweep::Images(file, sizes);
    }
  } catch (const normsweep::Error& error) {
    normsweep::Require(*error.what() != '\0', "an error says something");
  }
  return 0;
}
