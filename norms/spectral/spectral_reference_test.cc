#include <cmath>
#include <limits>

#include "norms/errors.h"
#include "norms/spectral/spectral_norm.h"
#include "norms/testing/float64.h"

namespace normsweep::testing {
namespace {

Values UnitGaussian(uint64_t seed, uint64_t stream, size_t size) {
  Random random(seed, stream);
  Values z(size);
  double squares = 0;
  for (double& value : z) {
    value = random.Gaussian();
    squares += value * value;
  }
  for (double& value : z) value /= std::sqrt(squares);
  return z;
}

void Converge(Normalizer* spectral, const Shape& shape, const Values& x) {
  for (int t = 0; t < 400; ++t) Forward(spectral, Mode::kTrain, shape, x);
}

TEST_CASE("spectral reference: two by two by hand") {
  // W = (3 0; 4 5): W W^T has the eigenvalues 45 and 5, so sigma = 3 sqrt(5) with
  // u = (1, 3) / sqrt(10) and v = (1, 1) / sqrt(2). The gradient was differentiated symbolically,
  // u and v constant (SymPy).
  const Shape shape{2, 2, 1};
  const Values x = {3, 0, 4, 5};
  const double root = std::sqrt(5.0);
  const Values y = {root / 5, 0, 4 * root / 15, root / 3};
  const Values dx = {17 * root / 450, -13 * root / 450, -13 * root / 150, 7 * root / 150};
  const auto spectral = Make(MakeSpectralNormReference, {}, shape);
  CHECK(BufferOf(spectral.get(), "running_sigma")[0] == 1);
  spectral->Init({x.data(), shape}, 3);
  // The ratio of the singular values is 3, so u is off by 9^-15 at most times where it started.
  CheckClose(BufferOf(spectral.get(), "running_sigma"), {3 * root}, 1e-12);
  for (const Mode mode : kModes) {
    CheckClose(Forward(spectral.get(), mode, shape, x), y, 1e-12);
    CheckClose(Backward(spectral.get(), shape, x, {1, 0, 0, 2}), dx, 1e-12);
  }
  const double sign = BufferOf(spectral.get(), "v")[0] > 0 ? 1 : -1;
  CheckClose(BufferOf(spectral.get(), "u"), {sign / std::sqrt(10), sign * 3 / std::sqrt(10)},
             1e-12);
  CheckClose(BufferOf(spectral.get(), "v"), {sign / std::sqrt(2), sign / std::sqrt(2)}, 1e-12);
}

TEST_CASE("spectral reference: one iteration from the drawn start, by hand") {
  for (const Layout layout : kLayouts) {
    const Shape shape{2, 3, 2, layout};
    const auto spectral = Make(MakeSpectralNormReference, {}, shape);
    Values u = UnitGaussian(0, 0, 2);
    const Values v = UnitGaussian(0, 1, 6);
    CheckClose(BufferOf(spectral.get(), "u"), u);
    CheckClose(BufferOf(spectral.get(), "v"), InLayout(v, {1, 3, 2, layout}));
    // W = (a; b) with orthogonal rows of lengths 2 and 1 picks u apart: u -> (4 u0, u1),
    // normalized.
    const Values w = InLayout({2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0}, shape);
    const Values as_is = Forward(spectral.get(), Mode::kEval, shape, w);
    CheckClose({as_is.data(), 1}, {2 / (u[0] * 2 * v[0] + u[1] * v[3])}, 1e-13);
    CheckClose(BufferOf(spectral.get(), "u"), u);  // kEval moves nothing
    CHECK(BufferOf(spectral.get(), "running_sigma")[0] == 1);

    Forward(spectral.get(), Mode::kTrain, shape, w);
    const double v_length = std::hypot(2 * u[0], u[1]), u_length = std::hypot(4 * u[0], u[1]);
    CheckClose(BufferOf(spectral.get(), "u"), {4 * u[0] / u_length, u[1] / u_length});
    CheckClose(BufferOf(spectral.get(), "v"),
               InLayout({2 * u[0] / v_length, 0, 0, u[1] / v_length, 0, 0}, {1, 3, 2, layout}));
    CheckClose(BufferOf(spectral.get(), "running_sigma"), {u_length / v_length});
  }
}

TEST_CASE("spectral reference: Init is fifteen iterations, a forward power_iterations of them") {
  const Shape shape{4, 3, 3};
  const Values x = Gaussian(36, 1);
  const auto once = Make(MakeSpectralNormReference, {}, shape);
  const auto many = Make(MakeSpectralNormReference, {{"power_iterations", 5}}, shape);
  const auto init = Make(MakeSpectralNormReference, {}, shape);
  for (int t = 0; t < 15; ++t) Forward(once.get(), Mode::kTrain, shape, x);
  for (int t = 0; t < 3; ++t) Forward(many.get(), Mode::kTrain, shape, x);
  init->Init({x.data(), shape}, 0);  // seed 0 is where the others started
  const auto u = BufferOf(init.get(), "u");
  CheckClose(BufferOf(once.get(), "u"), {u.begin(), u.end()});
  CheckClose(BufferOf(many.get(), "u"), {u.begin(), u.end()});
  init->Init({x.data(), shape}, 1);
  CHECK(BufferOf(once.get(), "u")[0] != Approx(u[0]).epsilon(1e-9));
}

TEST_CASE("spectral reference: gradients are those of the forward, u and v converged") {
  for (const Layout layout : kLayouts) {
    for (const Shape& shape : {Shape{3, 2, 2, layout}, Shape{1, 5, 1, layout},
                               Shape{4, 1, 3, layout}, Shape{5, 1, 1, layout}}) {
      for (const int iterations : {1, 2}) {
        const auto spectral =
            Make(MakeSpectralNormReference, {{"power_iterations", iterations}}, shape);
        const Values x = Spread(shape.Elements(), 4);
        // With u and v constant in fact, where they started is as good as anywhere.
        CheckGradients(spectral.get(), Mode::kEval, shape, x);
        Converge(spectral.get(), shape, x);
        for (const Mode mode : kModes) CheckGradients(spectral.get(), mode, shape, x);
      }
    }
  }
}

TEST_CASE("spectral reference: a sigma that cannot divide is an error, nothing is written") {
  const Shape shape{2, 1, 2};
  const auto spectral = Make(MakeSpectralNormReference, {}, shape);
  const Values u = UnitGaussian(0, 0, 2);
  for (const double bad : {0.0, std::numeric_limits<double>::infinity(), std::nan("")}) {
    const Values x = bad == 0 ? Values(4, 0) : Values{1, 2, bad, 4};
    Values y(4, 7);
    for (const Mode mode : kModes) {
      CHECK_THROWS_AS(spectral->Forward(mode, {x.data(), shape}, {y.data(), shape}), ValueError);
    }
    CHECK_THROWS_AS(spectral->Init({x.data(), shape}, 4), ValueError);
    CHECK(y == Values(4, 7));
    CheckClose(BufferOf(spectral.get(), "u"), u);
    CHECK(BufferOf(spectral.get(), "running_sigma")[0] == 1);
  }
}

}  // namespace
}  // namespace normsweep::testing
