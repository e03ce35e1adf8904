#include "norms/random.h"

#include <cmath>

#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("Philox4x32-10 gives the published known answers") {
  using Counter = std::array<uint32_t, 4>;
  // kat_vectors of the paper's own implementation (Random123).
  CHECK(Philox4x32({0, 0, 0, 0}, {0, 0}) ==
        Counter{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        Counter{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Counter{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("streams are independent of one another and reproducible") {
  Random a(1, 2), again(1, 2), other_stream(1, 3), other_seed(2, 2);
  const uint64_t first = a.Bits();
  CHECK(first == again.Bits());
  CHECK(first != other_stream.Bits());
  CHECK(first != other_seed.Bits());
}

TEST_CASE("uniform and Gaussian numbers have their moments") {
  Random random(7, 0);
  constexpr int kCount = 100000;
  double sum = 0, square = 0, uniform = 0;
  for (int i = 0; i < kCount; ++i) {
    const double g = random.Gaussian();
    sum += g;
    square += g * g;
    const double u = random.Uniform();
    REQUIRE((u >= 0 && u < 1));
    uniform += u;
  }
  // Five standard errors: 1/sqrt(n), sqrt(2/n), sqrt(1/12/n).
  CHECK(std::abs(sum / kCount) < 5 / std::sqrt(kCount));
  CHECK(std::abs(square / kCount - 1) < 5 * std::sqrt(2.0 / kCount));
  CHECK(std::abs(uniform / kCount - 0.5) < 5 * std::sqrt(1.0 / 12 / kCount));
}

TEST_CASE("Below is uniform over its range") {
  Random random(3, 1);
  std::array<int, 3> count{};
  for (int i = 0; i < 30000; ++i) ++count[random.Below(3)];
  for (const int c : count) CHECK(std::abs(c - 10000) < 5 * std::sqrt(10000 * 2.0 / 3));
  CHECK(random.Below(1) == 0);
}

}  // namespace
}  // namespace normsweep
