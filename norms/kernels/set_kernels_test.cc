#include "norms/kernels/set_kernels.h"

#include "norms/kernels/kernel_testing.h"
#include "norms/kernels/set_inputs_testing.h"

namespace normsweep::kernels {
namespace {

using testing::AffineInputs;
using testing::Input;
using testing::kElementwise;
using testing::kUnit;
using testing::Output;
using testing::SetInputs;
using testing::Tracked;

// Sets with statistics of their own, and a mark in all that is to be written.
constexpr float kMark = -98765.5F;
SetArrays Arrays(int64_t sets) {
  SetArrays arrays;
  arrays.Resize(sets);
  const Input<double> mean(sets, 0, 1e4), deviation(sets, 0, 2, 0.3), g(sets, 0), gx(sets, 0);
  for (int64_t i = 0; i < sets; ++i) {
    const auto at = static_cast<size_t>(i);
    arrays.mean[at] = mean[i];
    arrays.variance[at] = deviation[i] * deviation[i];
    arrays.g[at] = g[i];
    arrays.gx[at] = gx[i];
  }
  for (auto* v :
       {&arrays.mean_hi, &arrays.mean_lo, &arrays.scale, &arrays.shift, &arrays.t, &arrays.q}) {
    std::fill(v->begin(), v->end(), kMark);
  }
  return arrays;
}

// Empty, or which of the values outside [first, last) is no longer marked, or inside is wrong.
template <class Expected>
std::string Wrong(const std::vector<float>& values, int64_t first, int64_t last, double error,
                  const Expected& expected) {
  std::ostringstream text;
  for (int64_t i = 0; i < static_cast<int64_t>(values.size()); ++i) {
    const bool inside = i >= first && i < last;
    const double want = inside ? expected(static_cast<size_t>(i)) : static_cast<double>(kMark);
    const auto actual = static_cast<double>(values[static_cast<size_t>(i)]);
    if (std::abs(actual - want) <= (inside ? error * std::abs(want) : 0)) continue;
    text << "set " << i << " is " << actual << ", expected " << want;
    break;
  }
  return text.str();
}

TEST_CASE("Standardize is the mean in two floats, and 1 / sqrt(variance + eps)") {
  testing::ForTargets([] {
    for (const int64_t n : testing::Lengths()) {
      for (const int64_t first : {0, 1, 2, 3}) {
        for (const bool divide : {false, true}) {
          const int64_t last = first + n;
          const double eps = 0.25;
          SetArrays a = Arrays(last + 5);
          Standardize(first, last, eps, divide, &a);
          INFO("sets " << first << " to " << last << (divide ? ", divide" : ""));
          CHECK(Wrong(a.mean_hi, first, last, kUnit, [&](size_t i) { return a.mean[i]; }) == "");
          // Of the rest, which is exact in float64; up to a bit of float64's own, 1e-12 of 1e4.
          const auto rest = [&](size_t i) { return a.mean[i] - static_cast<double>(a.mean_hi[i]); };
          CHECK(Wrong(a.mean_lo, first, last, kUnit, rest) == "");
          const auto scale = [&](size_t i) {
            return divide ? 1 / std::sqrt(a.variance[i] + eps) : 1;
          };
          CHECK(Wrong(a.scale, first, last, 1.0001 * kUnit, scale) == "");
          CHECK(Wrong(a.shift, first, last, 0, [](size_t) { return 0.0; }) == "");
          for (const auto* v : {&a.t, &a.q}) {
            CHECK(Wrong(*v, 0, 0, 0, [](size_t) { return 0.0; }) == "");
          }
        }
      }
    }
  });
}

TEST_CASE("MeanGradients is t = g / m and q = gx / m") {
  testing::ForTargets([] {
    for (const int64_t n : testing::Lengths()) {
      for (const int64_t first : {0, 1, 2, 3}) {
        for (const int64_t m : {1, 2, 7, 1000}) {
          const int64_t last = first + n;
          const auto count = static_cast<double>(m);
          const bool divide = m != 2;
          SetArrays a = Arrays(last + 5);
          MeanGradients(first, last, m, divide, &a);
          INFO("sets " << first << " to " << last << ", m " << m);
          const auto t = [&](size_t i) { return a.g[i] / count; };
          const auto q = [&](size_t i) { return divide ? a.gx[i] / count : 0; };
          CHECK(Wrong(a.t, first, last, 1.0001 * kUnit, t) == "");
          CHECK(Wrong(a.q, first, last, 1.0001 * kUnit, q) == "");
          CHECK(Wrong(a.scale, 0, 0, 0, q) == "");
        }
      }
    }
  });
}

TEST_CASE("MoveAverage weighs the new value with its factor, and the old one with the rest") {
  testing::ForTargets([] {
    testing::ForMisalignments(0, [](int64_t n, int64_t i, int64_t j, int64_t k) {
      const Input<double> value(n, i, 5);
      const Input<float> before(n, j, 2);
      const double weight = 0.125 * static_cast<double>(1 + k), factor = 1.5;
      std::vector<Tracked> expected;
      for (int64_t at = 0; at < n; ++at) {
        expected.push_back(Tracked(1 - weight) * Tracked(before[at]) +
                           Tracked(weight * factor) * Tracked(value[at]));
      }
      Output<float> average(n, j);
      average.CopyFrom(before);
      MoveAverage(value.data(), n, weight, factor, average.data());
      INFO(n << " values, value at " << i << ", average at " << j);
      CHECK(average.Wrong(expected, 1.0001) == "");  // float64, and one rounding at the end
    });
  });
}

TEST_CASE("ColumnLines is a and b with which y = (x - mean_hi) a + b") {
  testing::ForTargets([] {
    for (const bool gamma : {false, true}) {
      for (const bool beta : {false, true}) {
        for (const int64_t repeat : {1, 2, 3, 7}) {
          testing::ForMisalignments(0, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
            const int64_t columns = n * repeat;
            const SetInputs sets(n, i);
            const AffineInputs affine(columns, j, {gamma, beta, false});
            std::vector<Tracked> his, as, bs;
            for (int64_t column = 0; column < columns; ++column) {
              const int64_t set = column / repeat;
              const Tracked a = Tracked(sets.scale[set]) * affine.Gamma(column);
              his.emplace_back(sets.mean_hi[set]);
              as.push_back(a);
              bs.push_back((Tracked(sets.shift[set]) * affine.Gamma(column) + affine.Beta(column)) -
                           Tracked(sets.mean_lo[set]) * a);
            }
            Output<float> hi(columns, k), a(columns, (k + 1) % 4), b(columns, (k + 2) % 4);
            ColumnLines(sets.View(), affine.View(), columns, repeat, hi.data(), a.data(), b.data());
            INFO(columns << " columns, " << repeat << " a set" << (gamma ? ", gamma" : "")
                         << (beta ? ", beta" : ""));
            CHECK(hi.Wrong(his, 0) == "");
            CHECK(a.Wrong(as, 1) == "");
            CHECK(b.Wrong(bs, kElementwise) == "");
          });
        }
      }
    }
  });
}

}  // namespace
}  // namespace normsweep::kernels
