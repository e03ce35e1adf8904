// Medians of repetitions, and how sure they are.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace normsweep {

double MedianOf(std::vector<double> values);  // the mean of the two in the middle; NaN of none

struct Interval {
  double low = 0;
  double high = 0;
};

// 95 % intervals by the percentile bootstrap (Efron 1979; 2000 resamples): of the median of
// `samples`, and of the median of `a` over that of `b`, each resampled alone. The numbers are a
// function of the samples and `seed`.
Interval BootstrapMedian(std::span<const double> samples, uint64_t seed);
Interval BootstrapRatio(std::span<const double> a, std::span<const double> b, uint64_t seed);

// How far apart two runs of the same code were: the largest distance from 1, as a factor above 1
// less 1, that the interval of the ratio of their medians reaches. 0: no distance at all.
double NoiseFloor(std::span<const double> a, std::span<const double> again, uint64_t seed);

// "faster", "slower", or "equal" where the difference is within the noise floor. `speedup` is the
// other's time over ours.
const char* Verdict(double speedup, double noise_floor);

}  // namespace normsweep
