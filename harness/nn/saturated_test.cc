#include "harness/nn/saturated.h"

#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("sums and products stay at the greatest number") {
  constexpr int64_t kMost = Saturated::kMost;
  CHECK((Saturated(3) * 4 + 5).value() == 17);
  CHECK((Saturated(kMost) + 1).value() == kMost);
  CHECK((Saturated(kMost) + kMost).value() == kMost);
  CHECK((Saturated(int64_t{1} << 32) * (int64_t{1} << 31)).value() == kMost);
  CHECK((Saturated(int64_t{1} << 31) * (int64_t{1} << 31)).value() == int64_t{1} << 62);
  CHECK((Saturated(kMost) * 0).value() == 0);
  CHECK(Saturated(kMost) * 2 > Saturated(kMost - 1));
}

}  // namespace
}  // namespace normsweep
