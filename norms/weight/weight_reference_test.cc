#include <cmath>

#include "norms/errors.h"
#include "norms/testing/float64.h"
#include "norms/weight/weight_norm.h"

namespace normsweep::testing {
namespace {

TEST_CASE("weight reference: rows of length 5 and 13 by hand") {
  // The gradients were differentiated symbolically from the definition (SymPy).
  const Shape shape{2, 2, 1};
  const auto weight = Make(MakeWeightNormReference, {}, shape);
  CHECK(weight->target() == Target::kWeight);
  const Values x = {3, 4, 5, 12};
  CheckClose(Forward(weight.get(), Mode::kTrain, shape, x), {0.6, 0.8, 5.0 / 13, 12.0 / 13});
  Assign(ParameterOf(weight.get(), "g"), {5, 26});
  for (const Mode mode : kModes) {
    CheckClose(Forward(weight.get(), mode, shape, x), {3, 4, 10, 24});
    CheckClose(Backward(weight.get(), shape, x, {1, 0, 2, 1}),
               {16.0 / 25, -12.0 / 25, 456.0 / 169, -190.0 / 169});
  }
  CheckClose(GradientOf(weight.get(), "g"), {3 * 3.0 / 5, 3 * 22.0 / 13});
  CHECK(weight->Statistics().mean.empty());
}

TEST_CASE("weight reference: Init makes y = x, with eps in the root too") {
  for (const Layout layout : kLayouts) {
    for (const double eps : {0.0, 11.0}) {
      const Shape shape{3, 2, 5, layout};
      const auto weight = Make(MakeWeightNormReference, {{"eps", eps}}, shape);
      const Values x = Gaussian(shape.Elements(), 3);
      weight->Init({x.data(), shape}, 0);
      CheckClose(Forward(weight.get(), Mode::kTrain, shape, x), x);
    }
  }
  const Shape shape{1, 2, 1};
  const auto weight = Make(MakeWeightNormReference, {{"eps", 11}}, shape);
  const Values x = {3, 4};
  weight->Init({x.data(), shape}, 0);
  CheckClose(ParameterOf(weight.get(), "g"), {6});  // sqrt(25 + 11)
}

TEST_CASE("weight reference: lengths of tiny and huge rows") {
  const Shape shape{2, 2, 1};
  const auto weight = Make(MakeWeightNormReference, {}, shape);
  CheckClose(Forward(weight.get(), Mode::kTrain, shape, {3e-20, 4e-20, 3e18, -4e18}),
             {0.6, 0.8, 0.6, -0.8});
}

TEST_CASE("weight reference: gradients are those of the forward") {
  for (const Layout layout : kLayouts) {
    for (const Shape& shape :
         {Shape{3, 2, 5, layout}, Shape{1, 7, 1, layout}, Shape{2, 1, 2, layout}}) {
      for (const double eps : {0.0, 0.7}) {
        const auto weight = Make(MakeWeightNormReference, {{"eps", eps}}, shape);
        FillParameters(weight.get(), 3);
        for (const Mode mode : kModes) {
          CheckGradients(weight.get(), mode, shape, Spread(shape.Elements(), 4));
        }
      }
    }
  }
}

TEST_CASE("weight reference: a zero row is named before anything is written") {
  const Shape shape{3, 1, 2};
  const auto weight = Make(MakeWeightNormReference, {}, shape);
  const Values x = {1, 2, 0, 0, 3, 4};
  Values y(6, 7);
  CHECK_THROWS_AS(weight->Forward(Mode::kTrain, {x.data(), shape}, {y.data(), shape}), ValueError);
  CHECK_THROWS_WITH(weight->Forward(Mode::kEval, {x.data(), shape}, {y.data(), shape}),
                    Catch::Matchers::ContainsSubstring("row 1"));
  CHECK(y == Values(6, 7));
  CHECK_THROWS_AS(weight->Init({x.data(), shape}, 0), ValueError);
  CheckClose(ParameterOf(weight.get(), "g"), {1, 1, 1});
  const Shape other{2, 1, 3};
  CHECK_THROWS_AS(weight->Init({x.data(), other}, 0), ShapeError);
  const auto with_eps = Make(MakeWeightNormReference, {{"eps", 1}}, shape);
  CHECK(Forward(with_eps.get(), Mode::kTrain, shape, x)[2] == 0);
}

}  // namespace
}  // namespace normsweep::testing
