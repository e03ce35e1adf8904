#include "norms/errors.h"
#include "norms/instance/instance_norm.h"
#include "norms/testing/float64.h"

namespace normsweep::testing {
namespace {

TEST_CASE("instance reference: two planes of two values by hand") {
  // Planes (1, 3) and (0, 14): means 2 and 7, variances 1 and 49, with eps 15 sigmas 4 and 8. The
  // gradients were differentiated symbolically from the definition (SymPy).
  const Shape shape{2, 1, 2};
  const auto instance = Make(MakeInstanceNormReference, {{"eps", 15}}, shape);
  ParameterOf(instance.get(), "gamma")[0] = 2;
  ParameterOf(instance.get(), "beta")[0] = 1;
  const Values x = {1, 3, 0, 14};
  for (const Mode mode : kModes) {
    CheckClose(Forward(instance.get(), mode, shape, x), {0.5, 1.5, -0.75, 2.75});
    CHECK(instance->Statistics().count == 2);
    CHECK(instance->Statistics().mean == Values{2, 7});
    CHECK(instance->Statistics().variance == Values{1, 49});
    CheckClose(Backward(instance.get(), shape, x, {1, 1, 0, 2}), {0, 0, -15.0 / 256, 15.0 / 256});
  }
  CheckClose(GradientOf(instance.get(), "gamma"), {3 * 7.0 / 4});
  CheckClose(GradientOf(instance.get(), "beta"), {3 * 4.0});
  CHECK(instance->Buffers().empty());
}

TEST_CASE("instance reference: running statistics by hand, over two steps") {
  // Planes (1, 3) and (0, 14): mean over the samples 4.5, of the unbiased variances (2 + 98) / 2.
  const Shape shape{2, 1, 2};
  const auto instance =
      Make(MakeInstanceNormReference, {{"track_running_stats", true}, {"eps", 0}}, shape);
  Forward(instance.get(), Mode::kTrain, shape, {1, 3, 0, 14});
  CheckClose(BufferOf(instance.get(), "running_mean"), {0.45});
  CheckClose(BufferOf(instance.get(), "running_var"), {0.9 + 5});
  Forward(instance.get(), Mode::kTrain, shape, {0, 2, 4, 4});  // 2.5, (2 + 0) / 2
  CheckClose(BufferOf(instance.get(), "running_mean"), {0.405 + 0.25});
  CheckClose(BufferOf(instance.get(), "running_var"), {5.31 + 0.1});
  CHECK(BufferOf(instance.get(), "step")[0] == 2);
  Forward(instance.get(), Mode::kBatchStatistics, shape, {1, 3, 0, 14});
  CHECK(BufferOf(instance.get(), "step")[0] == 2);
  BufferOf(instance.get(), "running_mean")[0] = 2;
  BufferOf(instance.get(), "running_var")[0] = 4;
  CheckClose(Forward(instance.get(), Mode::kEval, shape, {1, 3, 0, 14}), {-0.5, 0.5, -1, 6});
  CHECK(instance->Statistics().mean.empty());
  CheckClose(Backward(instance.get(), shape, {1, 3, 0, 14}, {1, 0, 2, 4}), {0.5, 0, 1, 2});
}

TEST_CASE("instance reference: gradients are those of the forward") {
  for (const Layout layout : kLayouts) {
    for (const Shape& shape :
         {Shape{2, 3, 5, layout}, Shape{1, 3, 4, layout}, Shape{3, 1, 2, layout}}) {
      for (const bool affine : {true, false}) {
        for (const bool track : {true, false}) {
          const auto instance = Make(MakeInstanceNormReference,
                                     {{"affine", affine}, {"track_running_stats", track}}, shape);
          FillParameters(instance.get(), 3);
          const Values x = Spread(shape.Elements(), 4);
          Forward(instance.get(), Mode::kTrain, shape, x);
          for (const Mode mode : kModes) {
            if (shape.s > 2) CheckGradients(instance.get(), mode, shape, x);
          }
        }
      }
    }
    // Two values a plane: without a large eps y hardly depends on x at all.
    const Shape pairs{3, 2, 2, layout};
    const auto instance = Make(MakeInstanceNormReference, {{"eps", 0.5}}, pairs);
    FillParameters(instance.get(), 3);
    CheckGradients(instance.get(), Mode::kTrain, pairs, Spread(pairs.Elements(), 4));
  }
}

TEST_CASE("instance reference: one value a plane is an error in training only") {
  const Shape shape{2, 3, 1};
  const auto instance = Make(MakeInstanceNormReference, {}, shape);
  const Values x = Gaussian(6, 1);
  CHECK_THROWS_AS(Forward(instance.get(), Mode::kTrain, shape, x), ShapeError);
  CHECK_THROWS_WITH(Forward(instance.get(), Mode::kTrain, shape, x),
                    Catch::Matchers::ContainsSubstring("[2, 3, 1]"));
  CHECK(Forward(instance.get(), Mode::kEval, shape, x) == Values(6, 0));
  CHECK(Forward(instance.get(), Mode::kBatchStatistics, shape, x) == Values(6, 0));
}

}  // namespace
}  // namespace normsweep::testing
