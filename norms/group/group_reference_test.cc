#include "norms/errors.h"
#include "norms/group/group_norm.h"
#include "norms/testing/float64.h"

namespace normsweep::testing {
namespace {

TEST_CASE("group reference: two groups of two channels by hand") {
  // Groups (1, 3) and (0, 14): means 2 and 7, variances 1 and 49, with eps 15 sigmas 4 and 8. The
  // gradients were differentiated symbolically from the definition (SymPy); every channel has a
  // gamma of its own, so that sums over the group without it (oneDNN #3543) are wrong.
  for (const Layout layout : kLayouts) {
    const Shape shape{1, 4, 1, layout};
    const auto group = Make(MakeGroupNormReference, {{"groups", 2}, {"eps", 15}}, shape);
    CHECK(group->Info().label == "group(2)");
    Assign(ParameterOf(group.get(), "gamma"), {1, 2, 3, 4});
    Assign(ParameterOf(group.get(), "beta"), {0, 1, 0, -1});
    const Values x = {1, 3, 0, 14};
    CheckClose(Forward(group.get(), Mode::kTrain, shape, x), {-0.25, 1.5, -2.625, 2.5});
    CHECK(group->Statistics().count == 2);
    CHECK(group->Statistics().mean == Values{2, 7});
    CHECK(group->Statistics().variance == Values{1, 49});
    CheckClose(Backward(group.get(), shape, x, {1, 1, 0, 2}),
               {-15.0 / 128, 15.0 / 128, -15.0 / 128, 15.0 / 128});
    CheckClose(GradientOf(group.get(), "gamma"), {-0.25, 0.25, 0, 1.75});
    CheckClose(GradientOf(group.get(), "beta"), {1, 1, 0, 2});
  }
}

TEST_CASE("group reference: gradients are those of the forward") {
  for (const Layout layout : kLayouts) {
    for (const auto& [shape, groups] : {std::pair{Shape{2, 6, 3, layout}, 2},
                                        {Shape{1, 6, 1, layout}, 2},
                                        {Shape{2, 3, 4, layout}, 3},
                                        {Shape{3, 4, 2, layout}, 1}}) {
      for (const bool affine : {true, false}) {
        const auto group =
            Make(MakeGroupNormReference, {{"groups", groups}, {"affine", affine}}, shape);
        FillParameters(group.get(), 3);
        for (const Mode mode : kModes) {
          CheckGradients(group.get(), mode, shape, Spread(shape.Elements(), 4));
        }
      }
    }
  }
}

TEST_CASE("group reference: errors") {
  CHECK_THROWS_AS(Make(MakeGroupNormReference, {{"groups", 3}}, {2, 4, 1}), OptionError);
  CHECK_THROWS_AS(Make(MakeGroupNormReference, {}, {2, 4, 1}), OptionError);  // 32 by default
  const Shape shape{2, 3, 1};
  const auto group = Make(MakeGroupNormReference, {{"groups", 3}}, shape);
  const Values x = Gaussian(6, 1);
  CHECK_THROWS_AS(Forward(group.get(), Mode::kTrain, shape, x), ShapeError);
  CHECK_THROWS_WITH(Forward(group.get(), Mode::kTrain, shape, x),
                    Catch::Matchers::ContainsSubstring("[2, 3, 1]"));
  CHECK(Forward(group.get(), Mode::kEval, shape, x) == Values(6, 0));
}

}  // namespace
}  // namespace normsweep::testing
