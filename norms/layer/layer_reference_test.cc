#include "norms/errors.h"
#include "norms/layer/layer_norm.h"
#include "norms/testing/float64.h"

namespace normsweep::testing {
namespace {

// mean 4, variance 5, with eps 4 sigma 3. The gradients were differentiated symbolically from the
// definition (SymPy).
TEST_CASE("layer reference: one gamma an element, by hand, in both layouts") {
  for (const Layout layout : kLayouts) {
    const Shape shape{1, 2, 2, layout};
    const auto layer = Make(MakeLayerNormReference, {{"eps", 4}}, shape);
    Assign(ParameterOf(layer.get(), "gamma"), InLayout({1, 2, 3, 4}, shape));
    Assign(ParameterOf(layer.get(), "beta"), InLayout({0, 1, 0, -1}, shape));
    const Values x = InLayout({1, 3, 5, 7}, shape);
    CheckClose(Forward(layer.get(), Mode::kTrain, shape, x), InLayout({-1, 1.0 / 3, 1, 3}, shape));
    CHECK(layer->Statistics().count == 4);
    CHECK(layer->Statistics().mean == Values{4});
    CHECK(layer->Statistics().variance == Values{5});
    CheckClose(Backward(layer.get(), shape, x, InLayout({1, 0, 0, 2}, shape)),
               InLayout({1.0 / 6, -5.0 / 9, -17.0 / 18, 4.0 / 3}, shape));
    CheckClose(GradientOf(layer.get(), "gamma"), InLayout({-1, 0, 0, 2}, shape));
    CheckClose(GradientOf(layer.get(), "beta"), InLayout({1, 0, 0, 2}, shape));
  }
}

TEST_CASE("layer reference: one gamma a channel, by hand, in both layouts") {
  for (const Layout layout : kLayouts) {
    const Shape shape{1, 2, 2, layout};
    const auto layer = Make(MakeLayerNormReference, {{"eps", 4}, {"affine", "channel"}}, shape);
    Assign(ParameterOf(layer.get(), "gamma"), {2, 3});
    Assign(ParameterOf(layer.get(), "beta"), {0, 1});
    const Values x = InLayout({1, 3, 5, 7}, shape);
    CheckClose(Forward(layer.get(), Mode::kEval, shape, x), InLayout({-2, -2.0 / 3, 2, 4}, shape));
    CheckClose(Backward(layer.get(), shape, x, InLayout({1, 0, 0, 2}, shape)),
               InLayout({1.0 / 3, -5.0 / 9, -7.0 / 9, 1}, shape));
    CheckClose(GradientOf(layer.get(), "gamma"), {-1, 2});
    CheckClose(GradientOf(layer.get(), "beta"), {1, 2});
  }
}

TEST_CASE("layer reference: gradients are those of the forward") {
  for (const Layout layout : kLayouts) {
    for (const Shape& shape :
         {Shape{2, 3, 5, layout}, Shape{1, 7, 1, layout}, Shape{3, 1, 4, layout}}) {
      for (const char* affine : {"element", "channel", "none"}) {
        const auto layer = Make(MakeLayerNormReference, {{"affine", affine}}, shape);
        CHECK(layer->Parameters().size() == (std::string(affine) == "none" ? 0 : 2));
        FillParameters(layer.get(), 3);
        for (const Mode mode : kModes) {
          CheckGradients(layer.get(), mode, shape, Spread(shape.Elements(), 4));
        }
      }
    }
  }
}

TEST_CASE("layer reference: one value a sample is an error in training only") {
  const Shape shape{2, 1, 1};
  const auto layer = Make(MakeLayerNormReference, {}, shape);
  CHECK_THROWS_AS(Forward(layer.get(), Mode::kTrain, shape, {1, 2}), ShapeError);
  CHECK_THROWS_WITH(Forward(layer.get(), Mode::kTrain, shape, {1, 2}),
                    Catch::Matchers::ContainsSubstring("[2, 1, 1]"));
  CHECK(Forward(layer.get(), Mode::kEval, shape, {1, 2}) == Values{0, 0});
}

}  // namespace
}  // namespace normsweep::testing
