#include "harness/data/gratings.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "harness/data/sha256.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

// The images as little-endian 32-bit integers in units of 2^-10, then the labels alike.
std::string HashOf(const DataPart& part) {
  std::vector<uint8_t> bytes;
  const auto append = [&](int32_t number) {
    const auto bits = static_cast<uint32_t>(number);
    for (int shift = 0; shift < 32; shift += 8) {
      bytes.push_back(static_cast<uint8_t>(bits >> shift));
    }
  };
  for (const float pixel : part.images) append(static_cast<int32_t>(pixel * 1024));
  for (const int32_t label : part.labels) append(label);
  return Sha256(bytes);
}

TEST_CASE("gratings are the same bytes everywhere", "[data]") {
  const Dataset gratings = MakeGratings(0);
  CHECK(HashOf(gratings.train) ==
        "e1015c2214db7e1ecd25833bad347107e602700a3d04bf870de3fd685f975396");
  CHECK(HashOf(gratings.validation) ==
        "a02c4a9239cfbb71d158e6cdacf2aaad0ec267a1631818cda9c1fc45ea2eadb8");
  CHECK(HashOf(gratings.test) ==
        "764f4abf79fd1727866734724a50877ff431fb36cb05d66a30477a1ed343aca7");
}

TEST_CASE("gratings have the parts, the classes and the values that they promise", "[data]") {
  const Dataset gratings = MakeGratings(0);
  CHECK(gratings.shape.Elements() == 256);
  CHECK(gratings.train.count() == 8000);
  CHECK(gratings.validation.count() == 2000);
  CHECK(gratings.test.count() == 2000);
  for (const DataPart* part : {&gratings.train, &gratings.validation, &gratings.test}) {
    std::array<int64_t, 10> counts{};
    for (const int32_t label : part->labels) ++counts[static_cast<size_t>(label)];
    CHECK(std::all_of(counts.begin(), counts.end(),
                      [&](int64_t n) { return n == part->count() / 10; }));
    CHECK(std::all_of(part->images.begin(), part->images.end(), [](float pixel) {
      return pixel * 1024 == std::nearbyint(pixel * 1024) && std::abs(pixel) < 8;
    }));
  }
  // Brightness alone makes the images' means differ by 0.5; the grating's own mean adds to it.
  double squares = 0;
  for (int64_t i = 0; i < 2000; ++i) {
    double mean = 0;
    for (int64_t p = 0; p < 256; ++p) {
      mean += static_cast<double>(gratings.test.images[static_cast<size_t>(256 * i + p)]) / 256;
    }
    squares += mean * mean;
  }
  CHECK(std::sqrt(squares / 2000) == Approx(0.51).margin(0.03));
}

TEST_CASE("another seed is a fresh draw of gratings", "[data]") {
  const Dataset a = MakeGratings(0), b = MakeGratings(1);
  CHECK(a.train.images != b.train.images);
  CHECK(a.test.images != b.test.images);
  CHECK(a.test.labels != b.test.labels);
}

}  // namespace
}  // namespace normsweep
