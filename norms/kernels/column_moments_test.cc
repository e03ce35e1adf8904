// The columns' half of moment_kernels.h.
#include "norms/kernels/kernel_testing.h"
#include "norms/kernels/moment_kernels.h"

namespace normsweep::kernels {
namespace {

using testing::Input;
using testing::kSummed;
using testing::Output;
using testing::Tracked;

constexpr double kDouble = 1e-8;  // in kUnit, 2^-24: a few roundings to float64

int64_t Span(const ColumnRows& block) { return (block.rows - 1) * block.stride + block.columns; }

ColumnRows NextColumnRows(int64_t columns) {
  static const std::vector<int64_t> rows = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  static const std::vector<int64_t> gaps = {0, 3, 0, 16, 1};
  return {testing::Next(rows), columns, columns + testing::Next(gaps)};
}

Input<float> Draw(const ColumnRows& block, int64_t misaligned) {
  Input<float> x(Span(block), misaligned, 3);
  for (int64_t at = 0; at < Span(block); ++at) {
    if (at % block.stride >= block.columns) x[at] = NAN;
  }
  return x;
}

void CheckMoments(const ColumnRows& block, int64_t i, int64_t j, int64_t k) {
  const Input<float> x = Draw(block, i), center(block.columns, j, 3);
  std::vector<Tracked> sums, squares;
  for (int64_t column = 0; column < block.columns; ++column) {
    Tracked sum, square;
    for (int64_t row = 0; row < block.rows; ++row) {
      const Tracked e = x[row * block.stride + column] - center[column];
      sum = sum + e;
      square = square + e * e;
    }
    sums.push_back(sum);
    squares.push_back(square);
  }
  Output<float> sum(block.columns, k), square(block.columns, (k + 1) % 4);
  ColumnMoments(x.data(), block, center.data(), sum.data(), square.data());
  INFO(block.rows << " rows of " << block.columns << ", stride " << block.stride << ", x at " << i
                  << ", center at " << j << ", sums at " << k);
  CHECK(sum.Wrong(sums, kSummed) == "");
  CHECK(square.Wrong(squares, kSummed) == "");
}

TEST_CASE("ColumnMoments is the sums of x - center and its square") {
  testing::ForTargets([] {
    testing::ForMisalignments(0, [](int64_t n, int64_t i, int64_t j, int64_t k) {
      CheckMoments(NextColumnRows(n), i, j, k);
    });
    for (const int64_t rows : {127, 128}) {
      for (const int64_t n : {1, 3, 16, 37}) CheckMoments({rows, n, n + 2}, 1, 2, 3);
    }
  });
}

TEST_CASE("ColumnCenters of up to 8 rows is the mean of all of them") {
  testing::ForTargets([] {
    testing::ForMisalignments(0, [](int64_t n, int64_t i, int64_t j, int64_t /*k*/) {
      ColumnRows block = NextColumnRows(n);
      block.rows = std::min<int64_t>(block.rows, 8);
      const Input<float> x = Draw(block, i);
      std::vector<Tracked> means;
      for (int64_t column = 0; column < n; ++column) {
        Tracked sum;
        for (int64_t row = 0; row < block.rows; ++row) {
          sum = sum + Tracked(x[row * block.stride + column]);
        }
        means.push_back(sum * Tracked(1 / static_cast<double>(block.rows)));
      }
      Output<float> center(n, j);
      ColumnCenters(x.data(), block, center.data());
      INFO(block.rows << " rows of " << n << ", stride " << block.stride << ", x at " << i);
      CHECK(center.Wrong(means, 8 + 2) == "");  // 7 additions, 1 / rows, and a product
    });
  });
}

TEST_CASE("ColumnCenters of more rows is sampled from all over them") {
  testing::ForTargets([] {
    for (const int64_t rows : {9, 10, 100, 128, 1001}) {
      const ColumnRows block{rows, 5, 7};
      Input<float> x(Span(block), 1);
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t j = 0; j < 5; ++j) x[row * 7 + j] = static_cast<float>(row + j);
      }
      Output<float> center(5, 2);
      ColumnCenters(x.data(), block, center.data());
      for (int64_t j = 0; j < 5; ++j) {
        const double middle = static_cast<double>(rows - 1) / 2 + static_cast<double>(j);
        CHECK(std::abs(static_cast<double>(center[j]) - middle) <= 1);
      }
      CHECK(center.Outside() == "");
    }
  });
}

TEST_CASE("AddRuns adds up each run, AddTiles each column, in float64") {
  testing::ForTargets([] {
    testing::ForMisalignments(0, [](int64_t n, int64_t i, int64_t j, int64_t k) {
      const int64_t rows = n > 1000 ? 2 : 1 + static_cast<int64_t>(testing::Count().turn++ % 9);
      const Input<float> values(rows * n, i, 0.2);
      const Input<double> before_runs(rows, j), before_columns(n, k);
      std::vector<Tracked> in_run(static_cast<size_t>(rows)), columns, of_runs;
      for (int64_t column = 0; column < n; ++column) columns.emplace_back(before_columns[column]);
      for (int64_t row = 0; row < rows; ++row) {
        for (int64_t column = 0; column < n; ++column) {
          const Tracked value(values[row * n + column]);
          in_run[static_cast<size_t>(row)] = in_run[static_cast<size_t>(row)] + value;
          columns[static_cast<size_t>(column)] = columns[static_cast<size_t>(column)] + value;
        }
        of_runs.push_back(Tracked(before_runs[row]) + in_run[static_cast<size_t>(row)]);
      }
      Output<double> runs(rows, j), sums(n, k);
      runs.CopyFrom(before_runs);
      sums.CopyFrom(before_columns);
      AddRuns(values.data(), rows, n, runs.data());
      AddTiles(values.data(), rows, n, n, true, sums.data());
      INFO(rows << " of " << n << ", values at " << i << ", sums at " << j << " and " << k);
      // On the scalar target a run is one chain of n additions.
      CHECK(runs.Wrong(of_runs, static_cast<double>(n) + kDouble) == "");
      CHECK(sums.Wrong(columns, kDouble) == "");
    });
  });
}

TEST_CASE("AddTiles leaves out what lies between two tiles' sums") {
  testing::ForTargets([] {
    Input<float> values(2 * 7 + 5, 3);
    for (const int64_t gap : {5, 6, 12, 13}) values[gap] = NAN;
    Output<double> sums(5, 1);
    std::vector<Tracked> expected;
    for (int64_t j = 0; j < 5; ++j) {
      sums[j] = 10;
      expected.push_back(Tracked(10) + Tracked(static_cast<double>(values[j])) +
                         Tracked(static_cast<double>(values[7 + j])) +
                         Tracked(static_cast<double>(values[14 + j])));
    }
    AddTiles(values.data(), 3, 7, 5, true, sums.data());
    CHECK(sums.Wrong(expected, kDouble) == "");
  });
}

// Sums over 10 values that are to be trusted or not, for every reason.
struct ColumnSums {
  const char* what;
  float center;
  double sum, square;
};
constexpr int64_t kCount = 10;
const std::vector<ColumnSums> kSums = {{"good", 3, 1, 20},
                                       {"good", -1e4F, -12, 40},
                                       {"constant", 7, 0, 0},
                                       {"constant", -1e-5F, 0, 0},
                                       {"not far enough to be refused", 2, 10, 13},
                                       {"zero, or lost", 0, 0, 0},
                                       {"zero, or lost", 1e-12F, 0, 0},
                                       {"too large", 0, 1, 2e39},
                                       {"too small", 0, 0, 1e-31},
                                       {"too far", 2, 10, 12},
                                       {"infinite", 0, 1, INFINITY},
                                       {"NaN", 1, NAN, NAN},
                                       {"square is NaN", 1, 0, NAN}};

TEST_CASE("FinishColumns divides, and says which columns are not to be trusted") {
  testing::ForTargets([] {
    for (const ColumnSums& odd : kSums) {
      const bool trusted = Trusted(static_cast<double>(odd.center), odd.sum, odd.square, kCount);
      for (int64_t n = 1; n <= 33; ++n) {
        const int64_t misaligned = n % 4;
        Input<float> center(n, misaligned, 3);
        Input<double> sum(n, (misaligned + 1) % 4, 0, 2), square(n, (misaligned + 2) % 4, 30);
        const int64_t at = (n * n / 3) % n;
        center[at] = odd.center;
        sum[at] = odd.sum;
        square[at] = odd.square;
        std::vector<Tracked> means, variances;
        for (int64_t j = 0; j < n; ++j) {
          const double s = sum[j], shift = s / kCount;
          means.push_back(Tracked(static_cast<double>(center[j])) + Tracked(shift));
          const Tracked m2 = Tracked(square[j]) - Tracked(s) * Tracked(shift);
          const bool none = j == at && !trusted;
          variances.push_back(none ? Tracked(NAN) : m2 * Tracked(1.0 / kCount));
        }
        Output<double> mean(n, misaligned), variance(n, (misaligned + 3) % 4);
        INFO(odd.what << ", column " << at << " of " << n);
        CHECK(FinishColumns(center.data(), sum.data(), square.data(), n, kCount, mean.data(),
                            variance.data()) == trusted);
        CHECK(mean.Wrong(means, kDouble) == "");
        CHECK(variance.Wrong(variances, kDouble) == "");
      }
    }
  });
}

}  // namespace
}  // namespace normsweep::kernels
