#include "norms/kernels/row_kernels.h"

#include "norms/kernels/kernel_testing.h"
#include "norms/kernels/set_inputs_testing.h"

namespace normsweep::kernels {
namespace {

using testing::AffineForm;
using testing::AffineInputs;
using testing::Input;
using testing::kElementwise;
using testing::kSummed;
using testing::Output;
using testing::SetInputs;
using testing::Tracked;

// gamma and beta come together.
const std::vector<AffineForm> kForms = {
    {false, false, false}, {false, false, true}, {true, true, false}, {true, true, true}};

// Of n values a row: layer norm's tokens, groups that take turns with the parameters and start in
// the middle of them, a piece of each row, rows that lie alike to the lines, every second row.
RowBlock NextRowBlock(int64_t n) {
  static const std::vector<int64_t> counts = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const int64_t rows = testing::Next(counts), lines = (n + 15) / 16 * 16;
  static const std::vector<int> kinds = {0, 1, 2, 3, 4};
  switch (testing::Next(kinds)) {
    case 0: return {rows, n, n, 0, n};
    case 1: return {rows, n, n, 2 * n, 3 * n};
    case 2: return {rows, n, n + 5, 2, n + 5};
    case 3: return {rows, n, lines, 0, lines};
    default: return {rows, n, 2 * n, 0, n};
  }
}
int64_t Span(const RowBlock& block) { return (block.rows - 1) * block.stride + block.length; }
RowBlock Streamed(RowBlock block) {
  block.stream = true;
  return block;
}

// Calls body(row, index in the period, index of the value).
template <class Body>
void ForValues(const RowBlock& block, const Body& body) {
  for (int64_t row = 0; row < block.rows; ++row) {
    const int64_t start = (block.first + row * block.stride) % block.period;
    for (int64_t i = 0; i < block.length; ++i) body(row, start + i, row * block.stride + i);
  }
}
void SpoilGaps(const RowBlock& block, Input<float>* values) {
  for (int64_t at = 0; at < Span(block); ++at) {
    if (at % block.stride >= block.length) (*values)[at] = NAN;
  }
}

std::string Name(const RowBlock& block, const AffineForm& form) {
  std::ostringstream text;
  text << block.rows << " rows of " << block.length << ", stride " << block.stride << ", first "
       << block.first << ", period " << block.period << (form.gamma ? ", affine" : "")
       << (form.relu ? ", relu" : "");
  return text.str();
}

TEST_CASE("ApplyRows is y = x^ gamma + beta, streamed and in place too") {
  testing::ForTargets([] {
    for (const AffineForm& form : kForms) {
      testing::ForMisalignments(1, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
        const RowBlock block = NextRowBlock(n);
        const SetInputs sets(block.rows, k);
        const AffineInputs affine(block.period, k, form);
        Input<float> x(Span(block), i, 3, 1);
        std::vector<Tracked> expected = testing::Untouched(Span(block));
        ForValues(block, [&](int64_t row, int64_t element, int64_t at) {
          const auto value = static_cast<double>(x[at]);
          const Tracked y = affine.Y(element, sets.Normalized(row, value));
          expected[static_cast<size_t>(at)] = form.relu ? testing::Relu(y) : y;
        });
        Output<float> in_place(Span(block), j);
        in_place.CopyFrom(x);
        SpoilGaps(block, &x);
        Output<float> y(Span(block), j), streamed(Span(block), j);
        INFO(Name(block, form) << ", x at " << i << ", y at " << j);
        ApplyRows(x.data(), y.data(), block, sets.View(), affine.View());
        CHECK(y.Wrong(expected, kElementwise) == "");
        ApplyRows(x.data(), streamed.data(), Streamed(block), sets.View(), affine.View());
        CHECK(streamed.Same(y));
        ApplyRows(in_place.data(), in_place.data(), block, sets.View(), affine.View());
        CHECK(in_place.SameWhere(y, expected));
      });
    }
  });
}

// Inputs of a backward pass. Rows have no shift there: x^ = e scale.
struct RowCase {
  RowBlock block;
  AffineForm form;
  SetInputs sets;
  AffineInputs affine;
  Input<float> x, dy;

  RowCase(int64_t n, const AffineForm& of, int64_t i, int64_t j, int64_t k)
      : block(NextRowBlock(n)),
        form(of),
        sets(block.rows, k),
        affine(block.period, (i + j) % 4, of),
        x(Span(block), i, 3, 1),
        dy(Span(block), j, 0.2, 1) {
    sets.shift.Fill(0);
  }
  Tracked Normalized(int64_t row, int64_t at) const { return sets.Normalized(row, x[at]); }
  Tracked Gradient(int64_t row, int64_t element, int64_t at) const {
    return affine.Gradient(affine.Y(element, Normalized(row, at)), dy[at]);
  }
  void Spoil() {
    SpoilGaps(block, &x);
    SpoilGaps(block, &dy);
  }
};

TEST_CASE("SumRowBlock is sum(g) and sum(g x^) of each row") {
  testing::ForTargets([] {
    for (const AffineForm& form : kForms) {
      testing::ForMisalignments(1, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
        RowCase of(n, form, i, j, k);
        std::vector<Tracked> expected(2 * static_cast<size_t>(of.block.rows));
        ForValues(of.block, [&](int64_t row, int64_t element, int64_t at) {
          const Tracked g = of.Gradient(row, element, at) * of.affine.Gamma(element);
          Tracked* sums = &expected[2 * static_cast<size_t>(row)];
          sums[0] = sums[0] + g;
          sums[1] = sums[1] + g * of.Normalized(row, at);
        });
        of.Spoil();
        std::vector<GradientSums> sums(static_cast<size_t>(of.block.rows) + 1, {-1, -2});
        SumRowBlock(of.x.data(), of.dy.data(), of.block, of.sets.View(), of.affine.View(),
                    sums.data());
        INFO(Name(of.block, form) << ", x at " << i << ", dy at " << j);
        Output<double> found(2 * of.block.rows, 0);
        for (int64_t row = 0; row < of.block.rows; ++row) {
          found[2 * row] = sums[static_cast<size_t>(row)].g;
          found[2 * row + 1] = sums[static_cast<size_t>(row)].gx;
        }
        CHECK(found.Wrong(expected, kSummed) == "");
        CHECK((sums.back().g == -1 && sums.back().gx == -2));
      });
    }
  });
}

// What BackwardRows writes: dx, and on top of what they hold the sums of the parameters' gradients.
struct RowGradients {
  Output<float> dx, dgamma, dbeta;

  RowGradients(const RowCase& of, int64_t k, const Input<float>& before)
      : dx(Span(of.block), k),
        dgamma(of.block.period, (k + 1) % 4),
        dbeta(of.block.period, (k + 2) % 4) {
    dgamma.CopyFrom(before);
    dbeta.CopyFrom(before);
  }
  void Run(const RowCase& of, const float* dy, const RowBlock& block) {
    BackwardRows(of.x.data(), dy, dx.data(), block, of.sets.View(), of.affine.View(),
                 of.form.gamma ? dgamma.data() : nullptr, of.form.gamma ? dbeta.data() : nullptr);
  }
};

TEST_CASE("BackwardRows is dx, and adds up dgamma and dbeta, streamed and in place too") {
  testing::ForTargets([] {
    for (const AffineForm& form : kForms) {
      testing::ForMisalignments(1, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
        RowCase of(n, form, i, j, k);
        const Input<float> before(of.block.period, 0);
        std::vector<Tracked> dx = testing::Untouched(Span(of.block)), dgamma, dbeta;
        for (int64_t p = 0; p < of.block.period; ++p) dgamma.emplace_back(before[p]);
        dbeta = dgamma;
        ForValues(of.block, [&](int64_t row, int64_t element, int64_t at) {
          const Tracked g = of.Gradient(row, element, at), normalized = of.Normalized(row, at);
          dx[static_cast<size_t>(at)] = of.sets.Dx(row, g * of.affine.Gamma(element), normalized);
          if (!form.gamma) return;
          const auto p = static_cast<size_t>(element);
          dgamma[p] = dgamma[p] + g * normalized;
          dbeta[p] = dbeta[p] + g;
        });
        RowGradients in_place(of, k, before), plain(of, k, before), streamed(of, k, before);
        in_place.dx.CopyFrom(of.dy);
        of.Spoil();
        INFO(Name(of.block, form) << ", x at " << i << ", dy at " << j << ", dx at " << k);
        plain.Run(of, of.dy.data(), of.block);
        CHECK(plain.dx.Wrong(dx, kElementwise) == "");
        CHECK(plain.dgamma.Wrong(dgamma, kSummed) == "");
        CHECK(plain.dbeta.Wrong(dbeta, kSummed) == "");
        streamed.Run(of, of.dy.data(), Streamed(of.block));
        CHECK((streamed.dx.Same(plain.dx) && streamed.dgamma.Same(plain.dgamma) &&
               streamed.dbeta.Same(plain.dbeta)));
        in_place.Run(of, in_place.dx.data(), of.block);
        CHECK((in_place.dx.SameWhere(plain.dx, dx) && in_place.dgamma.Same(plain.dgamma)));
      });
    }
  });
}

TEST_CASE("Drain and AddSums add up what they take, and Drain empties it") {
  testing::ForTargets([] {
    testing::ForMisalignments(0, [](int64_t n, int64_t i, int64_t j, int64_t k) {
      const Input<float> values(n, i);
      const Input<double> before(n, j);
      Output<float> part(n, i), gradient(n, k);
      Output<double> sum(n, j);
      part.CopyFrom(values);
      sum.CopyFrom(before);
      std::vector<Tracked> added, drained(static_cast<size_t>(n)), total;
      for (int64_t at = 0; at < n; ++at) {
        gradient[at] = 2;
        added.push_back(Tracked(before[at]) + Tracked(values[at]));
        total.push_back(Tracked(2) + added.back());
      }
      Drain(part.data(), n, sum.data());
      AddSums(sum.data(), n, gradient.data());
      CHECK(part.Wrong(drained, 0) == "");
      CHECK(sum.Wrong(added, 1e-8) == "");  // float64: 2^-53 is 2e-9 of float32's 2^-24
      CHECK(gradient.Wrong(total, 2) == "");
    });
  });
}

}  // namespace
}  // namespace normsweep::kernels
