#include "norms/kernels/exact.h"

#include <cmath>
#include <limits>
#include <vector>

#include "norms/testing/catch.h"

namespace normsweep::kernels {
namespace {

TEST_CASE("Trusted takes what float32 sums hold") {
  CHECK(Trusted(0, 0, 10, 10));
  CHECK(Trusted(1e4, -5, 10, 10));
  CHECK(Trusted(0, 0, 9e38, 10));     // squares up to 1e38
  CHECK(Trusted(0, 0, 1.1e-29, 10));  // and down to 1e-30
}

TEST_CASE("Trusted refuses overflow, underflow and NaN") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  CHECK_FALSE(Trusted(0, 0, 1.1e39, 10));
  CHECK_FALSE(Trusted(0, 0, infinity, 10));
  CHECK_FALSE(Trusted(0, infinity, infinity, 10));
  CHECK_FALSE(Trusted(0, 0, 9e-30, 10));
  CHECK_FALSE(Trusted(0, 1e-30, 0, 10));
  for (const double center : {0.0, 1.0, nan, infinity}) {
    CHECK_FALSE(Trusted(center, nan, nan, 10));
    CHECK_FALSE(Trusted(center, nan, 10, 10));
    CHECK_FALSE(Trusted(center, 0, nan, 10));
  }
}

TEST_CASE("Trusted refuses a center more than two deviations from the mean") {
  for (const int64_t n : {1, 2, 3, 1000}) {
    for (const double deviation : {1.0, 1e-3, 1e5}) {
      for (const double sign : {-1.0, 1.0}) {
        const auto sums = [&](double deviations) {
          const double off = sign * deviations * deviation;
          const auto count = static_cast<double>(n);
          return Trusted(1e4, off * count, (off * off + deviation * deviation) * count, n);
        };
        CHECK(sums(0));
        CHECK(sums(1.99));
        CHECK_FALSE(sums(2.01));
        CHECK_FALSE(sums(100));
      }
    }
  }
}

TEST_CASE("Trusted takes a constant unless its squares may have been lost") {
  for (const double center : {0.0, 1.0, -1.0, 1e-10, 3e38}) CHECK(Trusted(center, 0, 0, 5));
  for (const double center : {1e-12, -1e-12, 1e-30}) CHECK_FALSE(Trusted(center, 0, 0, 5));
}

TEST_CASE("ExactMoments is the moments of all rows and of nothing between them") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {1e30F, -1e30F, 2e30F, nan, 0, 4e30F, 1e30F};
  const Moments moments = ExactMoments(x.data(), {2, 4, 3});
  CHECK(moments.count == 6);
  CHECK(moments.mean == Approx(7e30 / 6).epsilon(1e-6));  // 1e30F is not 1e30
  CHECK(moments.m2 == Approx(23e60 - 49e60 / 6).epsilon(1e-6));
  const Moments one = ExactMoments(x.data(), {1, 0, 1});
  CHECK(one.mean == static_cast<double>(1e30F));
  CHECK(one.m2 == 0);
  CHECK(std::isnan(ExactMoments(x.data(), {1, 0, 4}).m2));
}

}  // namespace
}  // namespace normsweep::kernels
