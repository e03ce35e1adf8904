#include "harness/experiments/speed/buffers.h"

#include <cmath>
#include <set>

#include "harness/experiments/speed/copy_kernels.h"
#include "norms/cost.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("the data are N(1, 2^2) and N(0, 1), and a small tensor begins a large one") {
  SpeedData small, large;
  small.Draw(7, 300);
  large.Draw(7, 300'000);  // two chunks
  double sum = 0, squares = 0;
  for (const float x : large.x(300'000)) {
    sum += static_cast<double>(x);
    squares += (static_cast<double>(x) - 1) * (static_cast<double>(x) - 1);
  }
  CHECK(sum / 300'000 == Approx(1).margin(0.02));
  CHECK(std::sqrt(squares / 300'000) == Approx(2).epsilon(0.01));
  for (size_t i = 0; i < 300; ++i) {
    REQUIRE(small.x(300)[i] == large.x(300)[i]);
    REQUIRE(small.dy(300)[i] == large.dy(300)[i]);
  }
  const float first = small.x(300)[0];
  small.Draw(8, 300);
  CHECK(small.x(300)[0] != first);
}

TEST_CASE("hot is one set; cold sets exceed twice the cache, are alike and all visited") {
  SpeedData data;
  constexpr int64_t kSize = 200'001;
  data.Draw(1, kSize);
  CHECK(BufferSets(data, kSize, true, false).count() == 1);
  for (const bool backward : {false, true}) {
    const BufferSets sets(data, kSize, backward, true);
    const auto tensors = static_cast<size_t>(backward ? 3 : 2);
    CHECK(sets.count() * tensors * kSize * sizeof(float) >
          2 * static_cast<size_t>(LastLevelCacheBytes()));
    CHECK(sets.copy_size() == (backward ? 300'002 : kSize));
    std::set<size_t> visited;
    size_t at = 0;
    for (size_t i = 0; i < sets.count(); ++i, at = sets.Next(at)) {
      visited.insert(at);
      const CallBuffers& set = sets[at];
      CHECK(set.x[kSize - 1] == data.x(kSize)[kSize - 1]);
      CHECK((set.dy == nullptr) == !backward);
      if (backward) CHECK(set.dy[kSize - 1] == data.dy(kSize)[kSize - 1]);
      for (const float* p : {set.x, set.out, set.copy_in, set.copy_out}) {
        CHECK(reinterpret_cast<uintptr_t>(p) % 64 == 0);
      }
    }
    CHECK(visited.size() == sets.count());
    CHECK(at == 0);
  }
}

TEST_CASE("both copies copy every length and nothing beyond") {
  for (int64_t n = 0; n < 200; ++n) {
    for (const auto copy : {CopyPlain, CopyStreaming}) {
      AlignedFloats from(n + 1), to(n + 1);
      for (int64_t i = 0; i <= n; ++i) from.data()[i] = static_cast<float>(i + 1);
      copy(from.data(), to.data(), n);
      for (int64_t i = 0; i < n; ++i) REQUIRE(to.data()[i] == from.data()[i]);
      REQUIRE(to.data()[n] == 0);
    }
  }
}

}  // namespace
}  // namespace normsweep
