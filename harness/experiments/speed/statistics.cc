#include "harness/experiments/speed/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "norms/random.h"

namespace normsweep {
namespace {

constexpr int kResamples = 2000;

double ResampledMedian(std::span<const double> samples, Random* random, std::vector<double>* work) {
  work->clear();
  for (size_t i = 0; i < samples.size(); ++i) {
    work->push_back(samples[random->Below(samples.size())]);
  }
  return MedianOf(*work);
}

// Draws kResamples values and cuts off a fortieth at each end.
template <class Draw>
Interval Percentiles(const Draw& draw) {
  std::vector<double> values;
  values.reserve(kResamples);
  for (int i = 0; i < kResamples; ++i) values.push_back(draw());
  std::sort(values.begin(), values.end());
  constexpr size_t kCut = kResamples / 40;
  return {values[kCut], values[kResamples - 1 - kCut]};
}

}  // namespace

double MedianOf(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

Interval BootstrapMedian(std::span<const double> samples, uint64_t seed) {
  Random random(seed, 0);
  std::vector<double> work;
  return Percentiles([&] { return ResampledMedian(samples, &random, &work); });
}

Interval BootstrapRatio(std::span<const double> a, std::span<const double> b, uint64_t seed) {
  Random of_a(seed, 1), of_b(seed, 2);
  std::vector<double> work;
  return Percentiles([&] {
    const double numerator = ResampledMedian(a, &of_a, &work);
    return numerator / ResampledMedian(b, &of_b, &work);
  });
}

double NoiseFloor(std::span<const double> a, std::span<const double> again, uint64_t seed) {
  const Interval ratio = BootstrapRatio(a, again, seed);
  return std::max({ratio.high, 1 / ratio.low, 1.0}) - 1;
}

const char* Verdict(double speedup, double noise_floor) {
  if (speedup > 1 + noise_floor) return "faster";
  return speedup < 1 / (1 + noise_floor) ? "slower" : "equal";
}

}  // namespace normsweep
