#include "norms/kernels/moment_kernels.h"

#include "norms/kernels/kernel_testing.h"

namespace normsweep::kernels {
namespace {

using testing::Input;
using testing::kSummed;
using testing::kUnit;
using testing::Output;
using testing::Tracked;

// In long double, in two passes, whatever the range.
Moments TrueMoments(const Input<float>& x, const Rows& rows) {
  long double sum = 0, square = 0;
  const auto for_values = [&](const auto& body) {
    for (int64_t row = 0; row < rows.rows; ++row) {
      for (int64_t i = 0; i < rows.n; ++i) {
        body(static_cast<long double>(x[row * rows.stride + i]));
      }
    }
  };
  for_values([&](long double v) { sum += v; });
  const long double mean = sum / static_cast<long double>(rows.Count());
  for_values([&](long double v) { square += (v - mean) * (v - mean); });
  return {static_cast<double>(mean), static_cast<double>(square), rows.Count()};
}

// Float32 sums around a center at most two deviations from the mean (exact.h): E (x - center)^2 is
// then at most 5 variances, and the sums are off by kSummed roundings of it. The mean is as far off
// as the sum of x - center is, and neither depends on how far from zero the values lie, but for the
// rounding to float64 of a mean itself.
std::string Wrong(double mean, double m2, const Moments& expected) {
  const auto n = static_cast<double>(expected.count);
  const double deviation = std::sqrt(expected.m2 / n);
  const double mean_error = kSummed * kUnit * 3 * deviation + 1e-15 * std::abs(expected.mean);
  // A mean that float64 rounds is 1e-16 of it away from the best one.
  const double rounding = 1e-16 * expected.mean;
  const double m2_error = kSummed * kUnit * 5 * expected.m2 + n * rounding * rounding;
  std::ostringstream text;
  if (!(std::abs(mean - expected.mean) <= mean_error)) {
    text << "mean " << mean << ", expected " << expected.mean << " within " << mean_error << ' ';
  }
  if (!(std::abs(m2 - expected.m2) <= m2_error)) {
    text << "m2 " << m2 << ", expected " << expected.m2 << " within " << m2_error;
  }
  return text.str();
}
std::string Wrong(const Moments& found, const Moments& expected) {
  CHECK(found.count == expected.count);
  return Wrong(found.mean, found.m2, expected);
}

TEST_CASE("RowMoments is mean and squared deviations of rows, wherever the mean lies") {
  testing::ForTargets([] {
    static const std::vector<double> means = {0, 1, 1e4, -1e6, 1e-3};
    static const std::vector<int64_t> counts = {1, 2, 3, 4, 5, 9, 33, 67};
    testing::ForMisalignments(1, [](int64_t n, int64_t i, int64_t j, int64_t k) {
      const Rows rows{n > 1000 ? 1 + k % 2 : testing::Next(counts), n + j, n};
      const int64_t span = (rows.rows - 1) * rows.stride + n;
      const double mean = testing::Next(means);
      Input<float> x(span, i, mean);
      for (int64_t at = 0; at < span; ++at) {
        if (at % rows.stride >= n) x[at] = NAN;
      }
      INFO(rows.rows << " rows of " << n << ", stride " << rows.stride << ", x at " << i
                     << ", mean " << mean);
      CHECK(Wrong(RowMoments(x.data(), rows), TrueMoments(x, rows)) == "");
    });
  });
}

TEST_CASE("SetMoments is mean and variance of each run") {
  testing::ForTargets([] {
    testing::ForMisalignments(1, [](int64_t n, int64_t i, int64_t j, int64_t k) {
      const int64_t runs = n > 1000 ? 2 : 1 + testing::Count().turn++ % 5;
      const Input<float> x(runs * n, i, 1e3);
      Output<double> mean(runs, j), variance(runs, k);
      SetMoments(x.data(), runs, {1, 0, n}, mean.data(), variance.data());
      INFO(runs << " runs of " << n << ", x at " << i);
      for (int64_t run = 0; run < runs; ++run) {
        Input<float> own(n, 0);
        for (int64_t at = 0; at < n; ++at) own[at] = static_cast<float>(x[run * n + at]);
        CHECK(Wrong(mean[run], variance[run] * static_cast<double>(n),
                    TrueMoments(own, {1, 0, n})) == "");
      }
      CHECK(mean.Outside() == "");
      CHECK(variance.Outside() == "");
    });
  });
}

// Data that float32 sums cannot hold, as one row and as one run of three.
template <class Fill>
void CheckSpecial(const char* what, const Fill& fill) {
  testing::ForTargets([&] {
    for (const int64_t n : {1, 2, 3, 7, 8, 15, 16, 17, 33, 63, 64, 100, 1000, 8192}) {
      Input<float> x(n, 1), runs(3 * n, 1, 5);
      fill(n, &x);
      for (int64_t at = 0; at < n; ++at) runs[n + at] = x[at];
      const Rows row{1, 0, n};
      const Moments expected = TrueMoments(x, row);
      INFO(what << ", " << n << " values");
      const Moments found = RowMoments(x.data(), row);
      Output<double> mean(3, 0), variance(3, 0);
      SetMoments(runs.data(), 3, {1, 0, n}, mean.data(), variance.data());
      if (std::isfinite(expected.m2)) {
        CHECK(Wrong(found, expected) == "");
        CHECK(Wrong(mean[1], variance[1] * static_cast<double>(n), expected) == "");
      } else {
        CHECK_FALSE(std::isfinite(found.mean));
        CHECK_FALSE(std::isfinite(found.m2));
        CHECK_FALSE(std::isfinite(mean[1]));
        CHECK_FALSE(std::isfinite(variance[1]));
      }
      CHECK((std::isfinite(mean[0] + variance[0]) && std::isfinite(mean[2] + variance[2])));
    }
  });
}

TEST_CASE("moments of values beyond what float32 squares are good") {
  for (const double scale : {1e30, 1e37, 1e-15, 1e-20, 1e-30, 1e-37}) {
    for (const double mean : {0.0, 3.0}) {
      CheckSpecial(std::to_string(std::log10(scale)).c_str(), [&](int64_t n, Input<float>* x) {
        *x = Input<float>(n, 1, mean * scale, scale);
      });
    }
  }
}

TEST_CASE("moments of a constant are that constant and nothing") {
  for (const float value : {0.0F, 1.0F, 0.1F, -3.3F, 1e4F, 1e-5F, 1e-11F, 3e-12F, 1e-30F, 1e-40F,
                            1e30F, 3e38F, -3e38F}) {
    CheckSpecial("constant", [&](int64_t, Input<float>* x) { x->Fill(value); });
  }
}

TEST_CASE("moments of NaN and infinities are not finite, wherever they stand") {
  for (const float value : {NAN, INFINITY, -INFINITY}) {
    CheckSpecial("first", [&](int64_t, Input<float>* x) { (*x)[0] = value; });
    CheckSpecial("middle", [&](int64_t n, Input<float>* x) { (*x)[n / 2] = value; });
    CheckSpecial("last", [&](int64_t n, Input<float>* x) { (*x)[n - 1] = value; });
  }
  CheckSpecial("both", [](int64_t n, Input<float>* x) {
    (*x)[0] = INFINITY;
    (*x)[n - 1] = -INFINITY;
  });
}

TEST_CASE("an outlier does not spoil moments, whether it is sampled for the center or not") {
  for (const float value : {1e3F, 1e8F, -1e20F, 1e30F}) {
    CheckSpecial("first", [&](int64_t, Input<float>* x) { (*x)[0] = value; });
    CheckSpecial("second", [&](int64_t n, Input<float>* x) { (*x)[n / 7] = value; });
    CheckSpecial("last", [&](int64_t n, Input<float>* x) { (*x)[n - 1] = value; });
  }
}

TEST_CASE("PieceLength cuts into equal pieces of whole lines, none above a tile") {
  for (const int64_t n : {1, 2, 8191, 8192, 8193, 10000, 16384, 16385, 100000, 1000003}) {
    const int64_t length = PieceLength(n);
    INFO(n);
    CHECK(length >= 1);
    CHECK(length <= kTileValues);
    const int64_t pieces = (n + length - 1) / length;
    CHECK(pieces == (n + kTileValues - 1) / kTileValues);
    CHECK((pieces == 1 || length % 16 == 0));
  }
}

}  // namespace
}  // namespace normsweep::kernels
