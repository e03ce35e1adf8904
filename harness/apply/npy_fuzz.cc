// .npy files: an error, or an array that is the same after it was written and read again.
#include <bit>
#include <cmath>
#include <sstream>

#include "harness/apply/npy.h"
#include "harness/testing/fuzzing.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

NpyArray Read(const std::string& bytes) {
  std::istringstream file(bytes);
  return ReadNpy(file, "x.npy");
}

// A NaN is a NaN: widening makes a signalling one quiet.
bool SameValue(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) ||
         std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

void ReadAndWrite(const std::string& bytes) {
  const NpyArray array = Read(bytes);
  uint64_t elements = 1;
  for (const int64_t dim : array.dims) elements *= static_cast<uint64_t>(dim);
  Require(array.values.size() == elements, "as many values as the shape has");
  const NpyArray again = Read(FormatNpy(array));
  Require(again.dims == array.dims && again.type == array.type, "the same array again");
  Require(again.values.size() == array.values.size(), "the same number of values again");
  for (size_t i = 0; i < array.values.size(); ++i) {
    Require(SameValue(array.values[i], again.values[i]), "the same values again");
  }
}

}  // namespace
}  // namespace normsweep

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    normsweep::ReadAndWrite({reinterpret_cast<const char*>(data), size});
  } catch (const normsweep::Error& error) {
    const std::string text = error.what();
    normsweep::Require(text.rfind("x.npy: ", 0) == 0 && text.size() > 7, "an error names the file");
  }
  return 0;
}
