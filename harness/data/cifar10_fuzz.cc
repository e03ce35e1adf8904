// CIFAR-10 files of a few records of small images. The last bytes of an input say how many and how
// large, so that the size check can be passed at all; the rest is the file.
#include "harness/data/cifar10.h"

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>

#include "harness/data/data_file.h"
#include "harness/testing/fuzzing.h"

namespace normsweep {
namespace {

void Records(std::span<const char> file, size_t records, size_t pixels, bool whole) {
  const size_t bytes = records * (1 + 3 * pixels) + (whole ? 0 : 1);
  DataPart part;
  AppendCifarRecords(Unpack(FileInMemory(file), static_cast<int64_t>(bytes)), pixels, &part);
  Require(whole || pixels == 0, "a part of a record is an error");
  Require(part.images.size() == part.labels.size() * 3 * pixels, "as many images as labels");
  const bool in_range = std::all_of(part.images.begin(), part.images.end(),
                                    [](float pixel) { return pixel >= 0 && pixel <= 1; });
  Require(in_range, "pixels from 0 to 1");
  const bool digits = std::all_of(part.labels.begin(), part.labels.end(),
                                  [](int32_t label) { return label >= 0 && label <= 9; });
  Require(digits, "labels from 0 to 9");
}

}  // namespace
}  // namespace normsweep

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider input(data, size);
  const size_t records = input.ConsumeIntegralInRange<size_t>(0, 5);
  const size_t pixels = input.ConsumeIntegralInRange<size_t>(0, 9);
  const bool whole = input.ConsumeIntegralInRange<int>(0, 7) != 7;
  const std::vector<char> file = input.ConsumeRemainingBytes<char>();
  try {
    normsweep::Records(file, records, pixels, whole);
  } catch (const normsweep::Error& error) {
    normsweep::Require(*error.what() != '\0', "an error says something");
  }
  return 0;
}
