#include "norms/kernels/weight_kernels.h"

#include "norms/kernels/kernel_testing.h"

namespace normsweep::kernels {
namespace {

using testing::Input;
using testing::kElementwise;
using testing::Output;
using testing::Tracked;

// Float64 sums of n products, in units of float32's rounding: 2^-53 / 2^-24 each.
double Summed64(int64_t n) { return static_cast<double>(n + 8) * 2e-9; }

int64_t NextRows(int64_t n) {
  static const std::vector<int64_t> rows = {1, 2, 3, 5};
  return n > 1000 ? 2 : testing::Next(rows);
}

TEST_CASE("RowDots is a . b of each row, in float64") {
  testing::ForTargets([] {
    testing::ForMisalignments(0, [](int64_t n, int64_t i, int64_t j, int64_t k) {
      const int64_t rows = NextRows(n);
      const Input<float> a(rows * n, i, 0.3), b(rows * n, j, 0.3);
      std::vector<Tracked> expected(static_cast<size_t>(rows));
      for (int64_t at = 0; at < rows * n; ++at) {
        Tracked& sum = expected[static_cast<size_t>(at / n)];
        sum = sum + Tracked(a[at]) * Tracked(b[at]);
      }
      Output<double> dot(rows, k);
      RowDots(a.data(), b.data(), rows, n, dot.data());
      INFO(rows << " rows of " << n << ", a at " << i << ", b at " << j);
      CHECK(dot.Wrong(expected, Summed64(n)) == "");
    });
  });
}

TEST_CASE("DotMixed and AddScaled take one side in float64") {
  testing::ForTargets([] {
    testing::ForMisalignments(0, [](int64_t n, int64_t i, int64_t j, int64_t k) {
      const Input<float> a(n, i, 0.3);
      const Input<double> b(n, j, 0.3);
      const double factor = -0.7 + static_cast<double>(k);
      std::vector<Tracked> dot(1), sums;
      for (int64_t at = 0; at < n; ++at) {
        dot[0] = dot[0] + Tracked(a[at]) * Tracked(b[at]);
        sums.push_back(Tracked(b[at]) + Tracked(factor) * Tracked(a[at]));
      }
      Output<double> found(1, 0), sum(n, j);
      found[0] = DotMixed(a.data(), b.data(), n);
      sum.CopyFrom(b);
      AddScaled(a.data(), factor, n, sum.data());
      INFO(n << " values, a at " << i << ", b at " << j);
      CHECK(found.Wrong(dot, Summed64(n)) == "");
      CHECK(sum.Wrong(sums, Summed64(1)) == "");
    });
  });
}

TEST_CASE("ScaleRows multiplies each row with its factor") {
  testing::ForTargets([] {
    testing::ForMisalignments(0, [](int64_t n, int64_t i, int64_t j, int64_t k) {
      const int64_t rows = NextRows(n);
      const Input<float> x(rows * n, i), factor(rows, k, 0.4);
      std::vector<Tracked> expected;
      for (int64_t at = 0; at < rows * n; ++at) {
        expected.push_back(Tracked(x[at]) * Tracked(factor[at / n]));
      }
      Output<float> y(rows * n, j), streamed(rows * n, j);
      ScaleRows(x.data(), factor.data(), rows, n, false, y.data());
      INFO(rows << " rows of " << n << ", x at " << i << ", y at " << j);
      CHECK(y.Wrong(expected, 1) == "");
      ScaleRows(x.data(), factor.data(), rows, n, true, streamed.data());
      CHECK(streamed.Same(y));
    });
  });
}

TEST_CASE("Project is p (dy - q (x k)), Subtract is p (dy - q v)") {
  testing::ForTargets([] {
    testing::ForMisalignments(0, [](int64_t n, int64_t i, int64_t j, int64_t k) {
      const Input<float> x(n, i), dy(n, j);
      const Input<double> v(n, i);
      const float p = 1.7F, q = -0.6F, length = 0.4F;
      const double wide = 0.9;
      std::vector<Tracked> projected, subtracted;
      for (int64_t at = 0; at < n; ++at) {
        const Tracked factor(static_cast<double>(p)), share(static_cast<double>(q));
        const Tracked unit = Tracked(x[at]) * Tracked(static_cast<double>(length));
        projected.push_back(factor * (Tracked(dy[at]) - share * unit));
        subtracted.push_back(factor * (Tracked(dy[at]) - Tracked(wide) * Tracked(v[at])));
      }
      Output<float> dx(n, k), streamed(n, k), rest(n, k);
      Project(x.data(), dy.data(), dx.data(), n, false, p, q, length);
      Project(x.data(), dy.data(), streamed.data(), n, true, p, q, length);
      Subtract(dy.data(), v.data(), rest.data(), n, p, wide);
      INFO(n << " values, x at " << i << ", dy at " << j << ", dx at " << k);
      CHECK(dx.Wrong(projected, kElementwise) == "");
      CHECK(streamed.Same(dx));
      CHECK(rest.Wrong(subtracted, kElementwise) == "");
    });
  });
}

}  // namespace
}  // namespace normsweep::kernels
