#include "norms/kernels/column_kernels.h"

#include "norms/kernels/kernel_testing.h"

namespace normsweep::kernels {
namespace {

using testing::Input;
using testing::kElementwise;
using testing::kSummed;
using testing::Output;
using testing::Tracked;

struct ColumnInputs {
  Input<float> mean_hi, a, b, scale, gamma, t, q;

  ColumnInputs(int64_t n, int64_t misaligned)
      : mean_hi(n, misaligned, 3, 0.3),
        a(n, (misaligned + 1) % 4, 0.3, 1.1),
        b(n, (misaligned + 2) % 4, -0.2, 0.7),
        scale(n, (misaligned + 3) % 4, 1.5, 0.3),
        gamma(n, misaligned, 0.3, 1.1),
        t(n, (misaligned + 1) % 4, 0.2, 0.4),
        q(n, (misaligned + 2) % 4, 0.3, 0.4) {}
  ColumnCoefficients View() const {
    return {mean_hi.data(), a.data(), b.data(), scale.data(), gamma.data(), t.data(), q.data()};
  }
  Tracked Y(int64_t j, double x) const {
    return (Tracked(x) - Tracked(mean_hi[j])) * Tracked(a[j]) + Tracked(b[j]);
  }
  Tracked Normalized(int64_t j, double x) const {
    return (Tracked(x) - Tracked(mean_hi[j])) * Tracked(scale[j]);
  }
};

// Rows 1 to 9 (groups of 2 and 4, and what is left) with a stride of the columns or more.
ColumnBlock NextColumnBlock(int64_t columns, bool relu) {
  static const std::vector<int64_t> rows = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  static const std::vector<int64_t> gaps = {0, 3, 0, 16, 1};
  return {testing::Next(rows), columns, columns + testing::Next(gaps), relu};
}
int64_t Span(const ColumnBlock& block) { return (block.rows - 1) * block.stride + block.columns; }

// Calls body(column, index) for every value, and fills what lies between rows with NaN.
template <class Body>
void ForValues(const ColumnBlock& block, const Body& body) {
  for (int64_t row = 0; row < block.rows; ++row) {
    for (int64_t j = 0; j < block.columns; ++j) body(j, row * block.stride + j);
  }
}
void SpoilGaps(const ColumnBlock& block, Input<float>* values) {
  for (int64_t at = 0; at < Span(block); ++at) {
    if (at % block.stride >= block.columns) (*values)[at] = NAN;
  }
}
ColumnBlock Streamed(ColumnBlock block) {
  block.stream = true;
  return block;
}

std::string Name(const ColumnBlock& block) {
  std::ostringstream text;
  text << block.rows << " rows of " << block.columns << ", stride " << block.stride
       << (block.relu ? ", relu" : "");
  return text.str();
}

TEST_CASE("ApplyColumns is y = (x - mean_hi) a + b, streamed and in place too") {
  testing::ForTargets([] {
    for (const bool relu : {false, true}) {
      testing::ForMisalignments(0, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
        const ColumnBlock block = NextColumnBlock(n, relu);
        const ColumnInputs columns(n, k);
        Input<float> x(Span(block), i, 3, 1);
        std::vector<Tracked> expected = testing::Untouched(Span(block));
        ForValues(block, [&](int64_t column, int64_t at) {
          const Tracked y = columns.Y(column, static_cast<double>(x[at]));
          expected[static_cast<size_t>(at)] = relu ? testing::Relu(y) : y;
        });
        Output<float> in_place(Span(block), j);
        in_place.CopyFrom(x);
        SpoilGaps(block, &x);
        Output<float> y(Span(block), j), streamed(Span(block), j);
        INFO(Name(block) << ", x at " << i << ", y at " << j);
        ApplyColumns(x.data(), y.data(), block, columns.View());
        CHECK(y.Wrong(expected, kElementwise) == "");
        ApplyColumns(x.data(), streamed.data(), Streamed(block), columns.View());
        CHECK(streamed.Same(y));
        ApplyColumns(in_place.data(), in_place.data(), block, columns.View());
        CHECK(in_place.SameWhere(y, expected));
      });
    }
  });
}

TEST_CASE("BackwardColumns is scale ((dy gamma - t) - q x^), streamed and in place too") {
  testing::ForTargets([] {
    for (const bool relu : {false, true}) {
      testing::ForMisalignments(0, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
        const ColumnBlock block = NextColumnBlock(n, relu);
        const ColumnInputs columns(n, (i + j) % 4);
        Input<float> x(Span(block), i, 3, 1), dy(Span(block), j);
        std::vector<Tracked> expected = testing::Untouched(Span(block));
        ForValues(block, [&](int64_t c, int64_t at) {
          const auto value = static_cast<double>(x[at]), upper = static_cast<double>(dy[at]);
          const Tracked g = relu ? testing::Masked(columns.Y(c, value), upper) : Tracked(upper);
          const Tracked inner = (g * Tracked(columns.gamma[c]) - Tracked(columns.t[c])) -
                                Tracked(columns.q[c]) * columns.Normalized(c, value);
          expected[static_cast<size_t>(at)] = Tracked(columns.scale[c]) * inner;
        });
        Output<float> in_place(Span(block), k);
        in_place.CopyFrom(dy);
        SpoilGaps(block, &x);
        SpoilGaps(block, &dy);
        Output<float> dx(Span(block), k), streamed(Span(block), k);
        INFO(Name(block) << ", x at " << i << ", dy at " << j << ", dx at " << k);
        BackwardColumns(x.data(), dy.data(), dx.data(), block, columns.View());
        CHECK(dx.Wrong(expected, kElementwise) == "");
        BackwardColumns(x.data(), dy.data(), streamed.data(), Streamed(block), columns.View());
        CHECK(streamed.Same(dx));
        BackwardColumns(x.data(), in_place.data(), in_place.data(), block, columns.View());
        CHECK(in_place.SameWhere(dx, expected));
      });
    }
  });
}

// Whether the sums of `block` are what the formula says; dirty outputs, which it overwrites.
void CheckSums(const ColumnBlock& block, int64_t i, int64_t j, int64_t k) {
  const ColumnInputs columns(block.columns, (i + k) % 4);
  Input<float> x(Span(block), i, 3, 1), dy(Span(block), j, 0.2, 1);
  std::vector<Tracked> g(static_cast<size_t>(block.columns)), gx = g;
  ForValues(block, [&](int64_t c, int64_t at) {
    const auto value = static_cast<double>(x[at]), upper = static_cast<double>(dy[at]);
    const auto column = static_cast<size_t>(c);
    const Tracked own = block.relu ? testing::Masked(columns.Y(c, value), upper) : Tracked(upper);
    g[column] = g[column] + own;
    gx[column] = gx[column] + own * columns.Normalized(c, value);
  });
  SpoilGaps(block, &x);
  SpoilGaps(block, &dy);
  Output<float> sum_g(block.columns, k), sum_gx(block.columns, (k + 1) % 4);
  SumColumns(x.data(), dy.data(), block, columns.View(), sum_g.data(), sum_gx.data());
  INFO(Name(block) << ", x at " << i << ", dy at " << j << ", sums at " << k);
  CHECK(sum_g.Wrong(g, kSummed) == "");
  CHECK(sum_gx.Wrong(gx, kSummed) == "");
}

TEST_CASE("SumColumns is sum(dy) and sum(dy (x - mean_hi) scale) of each column") {
  testing::ForTargets([] {
    for (const bool relu : {false, true}) {
      testing::ForMisalignments(0, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
        CheckSums(NextColumnBlock(n, relu), i, j, k);
      });
      for (const int64_t rows : {127, 128}) {
        for (const int64_t n : {1, 3, 16, 37}) CheckSums({rows, n, n + 2, relu}, 1, 2, 3);
      }
    }
  });
}

}  // namespace
}  // namespace normsweep::kernels
