#include "norms/kernels/plane_kernels.h"

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

// One plane, all of a batch, sets of a group that start in the middle and wrap with the channels,
// sets counted from a later one, and a whole sample a set. Five, so that they meet every other
// form.
const std::vector<PlaneBlock> kBlocks = {{0, 1, 0, 1, 1, 0, false},
                                         {0, 5, 0, 3, 1, 0, false},
                                         {4, 9, 0, 3, 3, 0, false},
                                         {7, 13, 0, 4, 2, 3, false},
                                         {2, 9, 0, 2, 7, 0, false}};

std::vector<AffineForm> Forms() {
  std::vector<AffineForm> forms;
  for (const bool gamma : {false, true}) {
    for (const bool beta : {false, true}) {
      for (const bool relu : {false, true}) forms.push_back({gamma, beta, relu});
    }
  }
  return forms;
}

int64_t SetOf(const PlaneBlock& block, int64_t plane) {
  return plane / block.planes_per_set - block.set_shift;
}

// Calls body(set, channel, index of the value) for every value, in order.
template <class Body>
void ForValues(const PlaneBlock& block, const Body& body) {
  int64_t at = 0;
  for (int64_t plane = block.first; plane < block.last; ++plane) {
    for (int64_t i = 0; i < block.s; ++i) {
      body(SetOf(block, plane), plane % block.channels, at++);
    }
  }
}

struct PlaneCase {
  PlaneBlock block;
  int64_t n;
  SetInputs sets;
  AffineInputs affine;

  PlaneCase(const PlaneBlock& of, int64_t s, int64_t misaligned, const AffineForm& form)
      : block(of),
        n((of.last - of.first) * s),
        sets(SetOf(of, of.last - 1) + 1, misaligned),
        affine(of.channels, (misaligned + 1) % 4, form) {
    block.s = s;
  }
  PlaneBlock Streamed() const {
    PlaneBlock streamed = block;
    streamed.stream = true;
    return streamed;
  }
  Tracked Y(int64_t set, int64_t channel, double x) const {
    return affine.Y(channel, sets.Normalized(set, x));
  }
};

std::string Name(const PlaneCase& of) {
  std::ostringstream text;
  text << "planes " << of.block.first << " to " << of.block.last << " of " << of.block.s
       << ", channels " << of.block.channels << ", per set " << of.block.planes_per_set
       << (of.affine.form.gamma ? ", gamma" : "") << (of.affine.form.beta ? ", beta" : "")
       << (of.affine.form.relu ? ", relu" : "");
  return text.str();
}

TEST_CASE("ApplyPlanes is y = x^ gamma + beta, streamed and in place too") {
  testing::ForTargets([] {
    for (const AffineForm& form : Forms()) {
      testing::ForMisalignments(0, [&](int64_t s, int64_t i, int64_t j, int64_t k) {
        const PlaneCase of(testing::Next(kBlocks), s, k, form);
        const Input<float> x(of.n, i, 3, 1);
        std::vector<Tracked> expected;
        ForValues(of.block, [&](int64_t set, int64_t channel, int64_t at) {
          const Tracked y = of.Y(set, channel, x[at]);
          expected.push_back(form.relu ? testing::Relu(y) : y);
        });
        Output<float> y(of.n, j), streamed(of.n, j), in_place(of.n, j);
        ApplyPlanes(x.data(), y.data(), of.block, of.sets.View(), of.affine.View());
        INFO(Name(of) << ", x at " << i << ", y at " << j);
        CHECK(y.Wrong(expected, kElementwise) == "");
        ApplyPlanes(x.data(), streamed.data(), of.Streamed(), of.sets.View(), of.affine.View());
        CHECK(streamed.Same(y));
        in_place.CopyFrom(x);
        ApplyPlanes(in_place.data(), in_place.data(), of.Streamed(), of.sets.View(),
                    of.affine.View());
        CHECK(in_place.Same(y));
      });
    }
  });
}

TEST_CASE("BackwardPlanes is dx = scale ((dy gamma - t) - q x^), streamed and in place too") {
  testing::ForTargets([] {
    for (const AffineForm& form : Forms()) {
      testing::ForMisalignments(0, [&](int64_t s, int64_t i, int64_t j, int64_t k) {
        const PlaneCase of(testing::Next(kBlocks), s, i, form);
        const Input<float> x(of.n, i, 3, 1), dy(of.n, j);
        std::vector<Tracked> expected;
        ForValues(of.block, [&](int64_t set, int64_t channel, int64_t at) {
          const Tracked g = of.affine.Gradient(of.Y(set, channel, x[at]), dy[at]);
          expected.push_back(
              of.sets.Dx(set, g * of.affine.Gamma(channel), of.sets.Unshifted(set, x[at])));
        });
        Output<float> dx(of.n, k), streamed(of.n, k), in_place(of.n, k);
        const Coefficients sets = of.sets.View();
        BackwardPlanes(x.data(), dy.data(), dx.data(), of.block, sets, of.affine.View());
        INFO(Name(of) << ", x at " << i << ", dy at " << j << ", dx at " << k);
        CHECK(dx.Wrong(expected, kElementwise) == "");
        BackwardPlanes(x.data(), dy.data(), streamed.data(), of.Streamed(), sets, of.affine.View());
        CHECK(streamed.Same(dx));
        in_place.CopyFrom(dy);
        BackwardPlanes(x.data(), in_place.data(), in_place.data(), of.Streamed(), sets,
                       of.affine.View());
        CHECK(in_place.Same(dx));
      });
    }
  });
}

// sum(dy) and sum(dy x^), and into `sums` what the kernel says of it.
struct TrackedSums {
  Tracked g, gx;
  void Add(const Tracked& dy, const Tracked& normalized) {
    g = g + dy;
    gx = gx + dy * normalized;
  }
};
std::string Wrong(const GradientSums& sums, const TrackedSums& expected) {
  Output<double> found(2, 0);
  found[0] = sums.g;
  found[1] = sums.gx;
  return found.Wrong({expected.g, expected.gx}, kSummed);
}

TEST_CASE("SumPlanes is sum(dy) and sum(dy x^) of each plane") {
  testing::ForTargets([] {
    for (const AffineForm& form : Forms()) {
      testing::ForMisalignments(0, [&](int64_t s, int64_t i, int64_t j, int64_t k) {
        const PlaneCase of(testing::Next(kBlocks), s, k, form);
        const Input<float> x(of.n, i, 3, 1), dy(of.n, j, 0.2, 1);
        const int64_t planes = of.block.last - of.block.first;
        std::vector<TrackedSums> expected(static_cast<size_t>(planes));
        ForValues(of.block, [&](int64_t set, int64_t channel, int64_t at) {
          const Tracked g = of.affine.Gradient(of.Y(set, channel, x[at]), dy[at]);
          expected[static_cast<size_t>(at / s)].Add(g, of.sets.Unshifted(set, x[at]));
        });
        const GradientSums untouched{-1, -2};
        std::vector<GradientSums> sums(static_cast<size_t>(planes) + 1, untouched);
        SumPlanes(x.data(), dy.data(), of.block, of.sets.View(), of.affine.View(), sums.data());
        INFO(Name(of) << ", x at " << i << ", dy at " << j);
        for (size_t plane = 0; plane < expected.size(); ++plane) {
          CHECK(Wrong(sums[plane], expected[plane]) == "");
        }
        CHECK((sums.back().g == untouched.g && sums.back().gx == untouched.gx));
      });
    }
  });
}

TEST_CASE("SumPlaneRows is the sums of the rows that share a channel") {
  testing::ForTargets([] {
    for (const AffineForm& form : Forms()) {
      testing::ForMisalignments(0, [&](int64_t n, int64_t i, int64_t j, int64_t k) {
        static const std::vector<int64_t> counts = {1, 2, 3, 5, 9, 40, 67};
        const Rows rows{n > 1000 ? 2 : testing::Next(counts), n + k, n};
        const int64_t span = (rows.rows - 1) * rows.stride + n;
        const SetInputs sets(1, k);
        const AffineInputs affine(1, j, form);
        Input<float> x(span, i, 3, 1), dy(span, j, 0.2, 1);
        TrackedSums expected;
        for (int64_t at = 0; at < span; ++at) {
          if (at % rows.stride >= n) {
            x[at] = dy[at] = NAN;  // between rows
            continue;
          }
          const double value = static_cast<double>(x[at]);
          const Tracked y = affine.Y(0, sets.Normalized(0, value));
          expected.Add(affine.Gradient(y, static_cast<double>(dy[at])), sets.Unshifted(0, value));
        }
        INFO(rows.rows << " rows of " << n << ", stride " << rows.stride << ", x at " << i
                       << ", dy at " << j);
        CHECK(Wrong(SumPlaneRows(x.data(), dy.data(), rows, sets.View(), affine.View()),
                    expected) == "");
      });
    }
  });
}

TEST_CASE("a NaN goes through relu, and its gradient too") {
  testing::ForTargets([] {
    for (const int64_t n : {1, 5, 16, 33}) {
      const PlaneCase of({0, 1, n, 1, 1, 0, false}, n, 0, {true, true, true});
      Input<float> x(n, 0);
      const Input<float> dy(n, 0, 5, 0.1);
      x.Fill(NAN);
      Output<float> y(n, 0), dx(n, 0);
      ApplyPlanes(x.data(), y.data(), of.block, of.sets.View(), of.affine.View());
      BackwardPlanes(x.data(), dy.data(), dx.data(), of.block, of.sets.View(), of.affine.View());
      const std::vector<Tracked> nans(static_cast<size_t>(n), Tracked(NAN));
      CHECK(y.Wrong(nans, 0) == "");
      CHECK(dx.Wrong(nans, 0) == "");
    }
  });
}

}  // namespace
}  // namespace normsweep::kernels
