#include "harness/nn/optimizer.h"

#include <array>

#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("momentum and weight decay follow PyTorch's SGD", "[nn]") {
  std::array<float, 1> a{1}, ga{2}, b{4}, gb{1};
  Sgd sgd({{a.data(), ga.data(), 1, false}, {b.data(), gb.data(), 1, true}}, 0.5, 0.25);
  sgd.Step(0.125);
  // v = g + 0.25 w = 2.25; w = 1 - 0.125 * 2.25. For b: v = 2, w = 3.75.
  CHECK(a[0] == 0.71875f);
  CHECK(b[0] == 3.75f);
  CHECK(ga[0] == 2);
  CHECK(gb[0] == 0);  // it accumulates, so the step clears it
  gb[0] = 1;
  sgd.Step(0.125);
  // v = 0.5 * 2.25 + 2 + 0.25 * 0.71875; for b: v = 0.5 * 2 + 1 + 0.25 * 3.75.
  CHECK(a[0] == 0.71875f - 0.125f * 3.3046875f);
  CHECK(b[0] == 3.75f - 0.125f * 2.9375f);
}

TEST_CASE("without momentum and decay a step is w -= rate * g", "[nn]") {
  std::array<float, 3> w{1, 2, 3}, g{1, 0, -1};
  Sgd sgd({{w.data(), g.data(), 3, false}}, 0, 0);
  sgd.Step(0.5);
  CHECK(w == std::array<float, 3>{0.5f, 2, 3.5f});
}

TEST_CASE("the schedule warms up and then falls as a cosine", "[nn]") {
  const Schedule cosine{Schedule::Kind::kCosine, 0.8, 2, 10};
  CHECK(cosine.At(0) == Approx(0.4));
  CHECK(cosine.At(1) == Approx(0.8));
  CHECK(cosine.At(2) == Approx(0.8));
  CHECK(cosine.At(6) == Approx(0.4));
  CHECK(cosine.At(9) == Approx(0.8 * 0.0380602));  // (1 + cos(7 pi / 8)) / 2
  const Schedule constant{Schedule::Kind::kConstant, 0.8, 0, 10};
  CHECK(constant.At(0) == 0.8);
  CHECK(constant.At(9) == 0.8);
}

}  // namespace
}  // namespace normsweep
