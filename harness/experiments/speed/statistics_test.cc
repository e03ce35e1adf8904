#include "harness/experiments/speed/statistics.h"

#include <cmath>

#include "norms/random.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

std::vector<double> Draw(size_t size, uint64_t stream, double scale) {
  Random random(3, stream);
  std::vector<double> values(size);
  for (double& value : values) value = scale * (100 + random.Gaussian());
  return values;
}

TEST_CASE("the median is the middle value, or the mean of the two in the middle") {
  CHECK(std::isnan(MedianOf({})));
  CHECK(MedianOf({7}) == 7);
  CHECK(MedianOf({3, 1}) == 2);
  CHECK(MedianOf({9, 1, 5}) == 5);
  CHECK(MedianOf({10, 1, 4, 2}) == 3);
}

TEST_CASE("a bootstrap interval holds the median, repeats, and has no width without a spread") {
  const std::vector<double> samples = Draw(15, 0, 1);
  const Interval interval = BootstrapMedian(samples, 8);
  CHECK(interval.low < MedianOf(samples));
  CHECK(interval.high > MedianOf(samples));
  CHECK(BootstrapMedian(samples, 8).low == interval.low);
  const Interval certain = BootstrapMedian(std::vector<double>{4, 4, 4}, 1);
  CHECK(certain.low == 4);
  CHECK(certain.high == 4);
}

// The median of 101 draws of N(100, 1) has a deviation of sqrt(pi / 2 / 101) = 0.125; its interval
// is then about 0.49 wide.
TEST_CASE("a bootstrap interval is as wide as theory says, and holds the truth in 95 of 100 runs") {
  int holds = 0;
  double width = 0;
  constexpr int kRuns = 200;
  for (uint64_t run = 0; run < kRuns; ++run) {
    const Interval interval = BootstrapMedian(Draw(101, run, 1), run);
    holds += interval.low <= 100 && 100 <= interval.high ? 1 : 0;
    width += (interval.high - interval.low) / kRuns;
  }
  CHECK(width == Approx(0.49).epsilon(0.15));
  CHECK(holds >= kRuns * 90 / 100);
  CHECK(holds <= kRuns * 99 / 100);
}

TEST_CASE("the interval of a ratio holds the ratio of the medians") {
  const Interval ratio = BootstrapRatio(Draw(15, 1, 3), Draw(15, 2, 1), 5);
  CHECK(ratio.low < 3);
  CHECK(ratio.high > 3);
  CHECK(ratio.high - ratio.low < 0.1);
}

TEST_CASE("the noise floor is how far from 1 the A/A ratio may be, in either direction") {
  const std::vector<double> one = {100, 100, 100}, more = {110, 110, 110};
  CHECK(NoiseFloor(one, one, 1) == 0);
  CHECK(NoiseFloor(more, one, 1) == Approx(0.1));
  CHECK(NoiseFloor(one, more, 1) == Approx(0.1));
  CHECK(NoiseFloor(Draw(15, 1, 1), Draw(15, 2, 1), 1) > 0.002);
}

TEST_CASE("a difference within the noise floor is none") {
  CHECK(Verdict(1.2, 0.1) == std::string("faster"));
  CHECK(Verdict(1.05, 0.1) == std::string("equal"));
  CHECK(Verdict(0.95, 0.1) == std::string("equal"));
  CHECK(Verdict(0.9, 0.1) == std::string("slower"));  // 1 / 1.1 = 0.909
}

}  // namespace
}  // namespace normsweep
