#include "norms/kernels/renorm_kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "norms/kernels/kernel_testing.h"

namespace normsweep::kernels {
namespace {

using testing::Input;

constexpr double kHalfUnit = 0x1p-24;

TEST_CASE("Renormalize is r / sigma and d, clipped") {
  testing::ForTargets([] {
    for (const int64_t n : testing::Lengths()) {
      for (const int64_t first : {0, 1, 3}) {
        const int64_t sets = first + n + 2;
        SetArrays a;
        a.Resize(sets);
        // Deviations from 1/20 to 20 times the running ones, means up to 20 of them away.
        const Input<double> mean(sets, 0, 0, 10), spread(sets, 1, 0, 1.5);
        const Input<float> running_mean(n, 2), running_spread(n, 3);
        std::vector<float> sigma;
        for (int64_t i = 0; i < sets; ++i) {
          a.mean[static_cast<size_t>(i)] = mean[i];
          a.variance[static_cast<size_t>(i)] = std::exp(2 * spread[i]);
        }
        for (int64_t i = 0; i < n; ++i)
          sigma.push_back(static_cast<float>(std::exp(0.3 * running_spread[i])));
        const double eps = 1e-3;
        const RenormLimits limits{3, 5};
        Renormalize(first, n, eps, limits, running_mean.data(), sigma.data(), &a);
        for (int64_t i = 0; i < sets; ++i) {
          INFO("set " << i << " of " << first << " to " << first + n);
          const auto at = static_cast<size_t>(i);
          if (i < first || i >= first + n) {
            CHECK(a.scale[at] == 0);
            continue;
          }
          const double own = std::sqrt(a.variance[at] + eps);
          const auto running = static_cast<double>(sigma[static_cast<size_t>(i - first)]);
          const double r = std::clamp(own / running, 1.0 / 3, 3.0);
          const double d = std::clamp(
              (a.mean[at] - static_cast<double>(running_mean[i - first])) / running, -5.0, 5.0);
          const auto near = [](float value, double expected) {
            return std::abs(static_cast<double>(value) - expected) <=
                   1.0001 * kHalfUnit * std::abs(expected);
          };
          CHECK(near(a.scale[at], r / own));
          CHECK(near(a.shift[at], d));
          CHECK(near(a.mean_hi[at], a.mean[at]));
          CHECK(near(a.mean_lo[at], a.mean[at] - static_cast<double>(a.mean_hi[at])));
        }
      }
    }
  });
}

TEST_CASE("Renormalize lets NaN pass, and limits of 1 and 0 leave plain batch norm") {
  testing::ForTargets([] {
    for (const int64_t n : {int64_t{1}, int64_t{9}}) {
      SetArrays a;
      a.Resize(n);
      const std::vector<float> mean(static_cast<size_t>(n), 1), sigma(static_cast<size_t>(n), 2);
      std::fill(a.mean.begin(), a.mean.end(), std::numeric_limits<double>::quiet_NaN());
      std::fill(a.variance.begin(), a.variance.end(), std::numeric_limits<double>::quiet_NaN());
      Renormalize(0, n, 0, {3, 5}, mean.data(), sigma.data(), &a);
      CHECK(std::all_of(a.scale.begin(), a.scale.end(), [](float v) { return std::isnan(v); }));
      CHECK(std::all_of(a.shift.begin(), a.shift.end(), [](float v) { return std::isnan(v); }));
      std::fill(a.mean.begin(), a.mean.end(), 7.0);
      std::fill(a.variance.begin(), a.variance.end(), 16.0);
      Renormalize(0, n, 0, {1, 0}, mean.data(), sigma.data(), &a);
      CHECK(a.scale == std::vector<float>(static_cast<size_t>(n), 0.25F));
      CHECK(a.shift == std::vector<float>(static_cast<size_t>(n), 0));
    }
  });
}

}  // namespace
}  // namespace normsweep::kernels
