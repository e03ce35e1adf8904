#include <cmath>

#include "norms/batch_renorm/batch_renorm_norm.h"
#include "norms/errors.h"
#include "norms/testing/float64.h"

namespace normsweep::testing {
namespace {

TEST_CASE("batch_renorm reference: four values by hand") {
  // mean 4, sigma = sqrt(5 + 4) = 3; running mean 3, running sigma 2: r = 1.5, d = 0.5. The
  // gradients were differentiated symbolically, r and d constant (SymPy).
  const auto renorm = Make(MakeBatchRenormReference, {{"eps", 4}}, kTwoByTwo);
  ParameterOf(renorm.get(), "gamma")[0] = 2;
  ParameterOf(renorm.get(), "beta")[0] = 1;
  BufferOf(renorm.get(), "running_mean")[0] = 3;
  BufferOf(renorm.get(), "running_sigma")[0] = 2;
  const Values x = {1, 3, 5, 7};
  CheckClose(Forward(renorm.get(), Mode::kTrain, kTwoByTwo, x), {-1, 1, 3, 5});
  CHECK(renorm->Statistics().mean == Values{4});
  CHECK(renorm->Statistics().variance == Values{5});
  CHECK(renorm->Statistics().r == Values{1.5});
  CHECK(renorm->Statistics().d == Values{0.5});
  CheckClose(Backward(renorm.get(), kTwoByTwo, x, {1, 0, 0, 2}), {0.5, -2.0 / 3, -5.0 / 6, 1});
  CheckClose(GradientOf(renorm.get(), "gamma"), {3});
  CheckClose(GradientOf(renorm.get(), "beta"), {3});
  // Momentum 0.01 on the new mean 4 and the new sigma 3.
  CheckClose(BufferOf(renorm.get(), "running_mean"), {3.01});
  CheckClose(BufferOf(renorm.get(), "running_sigma"), {2.01});
  CHECK(BufferOf(renorm.get(), "step")[0] == 1);
  CheckClose(Forward(renorm.get(), Mode::kEval, kTwoByTwo, x),
             {-4.02 / 2.01 + 1, -0.02 / 2.01 + 1, 3.98 / 2.01 + 1, 7.98 / 2.01 + 1});
  CHECK(renorm->Statistics().r.empty());
  // r = 1 and d = 0: batch normalization, whatever the running statistics.
  CheckClose(Forward(renorm.get(), Mode::kBatchStatistics, kTwoByTwo, x),
             {-1, 1.0 / 3, 5.0 / 3, 3});
  CHECK(renorm->Statistics().r == Values{1});
  CHECK(renorm->Statistics().d == Values{0});
  CHECK(BufferOf(renorm.get(), "step")[0] == 1);
}

TEST_CASE("batch_renorm reference: limits clip r and d on both sides") {
  const nlohmann::json options = {{"eps", 4}, {"r_max", 1.25}, {"d_max", 0.25}};
  for (const auto& [mean, sigma, r, d] :
       {std::array{-100.0, 0.01, 1.25, 0.25}, std::array{100.0, 10.0, 0.8, -0.25},
        std::array{3.9, 2.5, 1.2, 0.04}}) {
    const auto renorm = Make(MakeBatchRenormReference, options, kTwoByTwo);
    BufferOf(renorm.get(), "running_mean")[0] = mean;
    BufferOf(renorm.get(), "running_sigma")[0] = sigma;
    CheckClose(Forward(renorm.get(), Mode::kTrain, kTwoByTwo, {1, 3, 5, 7}),
               {-r + d, -r / 3 + d, r / 3 + d, r + d});
    CheckClose(renorm->Statistics().r, {r});
    CheckClose(renorm->Statistics().d, {d});
  }
}

TEST_CASE("batch_renorm reference: the limits open after the warm-up, linearly") {
  // Two updates of warm-up, then 1 + (3 - 1) t / 4 and 5 t / 4 for t = 0, 1, 2, 3, 4, 4.
  const auto renorm =
      Make(MakeBatchRenormReference, {{"warmup_steps", 2}, {"ramp_steps", 4}}, kTwoByTwo);
  const double r_max[] = {1, 1, 1, 1.5, 2, 2.5, 3, 3};
  const double d_max[] = {0, 0, 0, 1.25, 2.5, 3.75, 5, 5};
  for (size_t t = 0; t < 8; ++t) {
    BufferOf(renorm.get(), "running_mean")[0] = -1000;  // so that both limits are reached
    BufferOf(renorm.get(), "running_sigma")[0] = 1e-3;
    Forward(renorm.get(), Mode::kTrain, kTwoByTwo, {1, 3, 5, 7});
    INFO("update " << t);
    CheckClose(renorm->Statistics().r, {r_max[t]});
    CheckClose(renorm->Statistics().d, {d_max[t]});
    CHECK(BufferOf(renorm.get(), "step")[0] == static_cast<double>(t + 1));
  }
  // A warm-up without a ramp opens at once.
  const auto sudden = Make(MakeBatchRenormReference, {{"warmup_steps", 1}}, kTwoByTwo);
  for (const double d : {0, 5}) {
    BufferOf(sudden.get(), "running_sigma")[0] = 1e-3;
    Forward(sudden.get(), Mode::kTrain, kTwoByTwo, {1, 3, 5, 7});
    CheckClose(sudden->Statistics().d, {d});
  }
}

TEST_CASE("batch_renorm reference: running statistics of each dialect, by hand") {
  // Two batches of two values, eps 0: means 2 and 7, sigmas 1 and 3.
  struct Row {
    nlohmann::json options;
    Values means, sigmas;
  };
  const Values tenth = {0.2, 0.88}, hundredth = {0.02, 0.0898};
  const double e = std::exp(-0.5), w = 1 - e;
  const Row rows[] = {
      {nlohmann::json::object(), hundredth, {1, 1.02}},
      {{{"dialect", "paper"}}, hundredth, {1, 1.02}},
      {{{"dialect", "pytorch"}}, tenth, {1, 1.2}},
      {{{"dialect", "keras"}}, hundredth, {1, 1.02}},
      {{{"dialect", "tf_fused"}}, hundredth, {1, 1.02}},
      {{{"dialect", "flax"}}, hundredth, {1, 1.02}},
      {{{"momentum", nullptr}}, {2, 4.5}, {1, 2}},
      {{{"horizon", 4}}, {2 * w, 2 * w * e + 7 * w}, {1, e + 3 * w}},
  };
  const Shape shape{2, 1, 1};
  for (const Row& row : rows) {
    INFO(row.options);
    nlohmann::json options = row.options;
    options["eps"] = 0;
    const auto renorm = Make(MakeBatchRenormReference, options, shape);
    const Values batches[] = {{1, 3}, {10, 4}};
    for (size_t t = 0; t < 2; ++t) {
      Forward(renorm.get(), Mode::kTrain, shape, batches[t]);
      Forward(renorm.get(), Mode::kBatchStatistics, shape, {3, 50});  // changes nothing
      CheckClose(BufferOf(renorm.get(), "running_mean"), {row.means[t]});
      CheckClose(BufferOf(renorm.get(), "running_sigma"), {row.sigmas[t]});
    }
  }
}

TEST_CASE("batch_renorm reference: ghost batches have their own r and d") {
  // Sub-batches (1, 3) and (4, 10): means 2 and 7, sigmas 1 and 3; running 1 and 2.
  const Shape shape{4, 1, 1};
  const auto renorm =
      Make(MakeBatchRenormReference, {{"normalization_batch_size", 2}, {"eps", 0}}, shape);
  CHECK(renorm->Info().label == "batch_renorm(2)");
  BufferOf(renorm.get(), "running_mean")[0] = 1;
  BufferOf(renorm.get(), "running_sigma")[0] = 2;
  CheckClose(Forward(renorm.get(), Mode::kTrain, shape, {1, 4, 3, 10}), {0, 1.5, 1, 4.5});
  CHECK(renorm->Statistics().r == Values{0.5, 1.5});
  CHECK(renorm->Statistics().d == Values{0.5, 3});
  CheckClose(BufferOf(renorm.get(), "running_mean"), {0.99 + 0.045});
  CheckClose(BufferOf(renorm.get(), "running_sigma"), {1.98 + 0.02});
}

// r and d are frozen by CompareWithCentralDifferences, as its header says.
TEST_CASE("batch_renorm reference: gradients are those of the forward, r and d constant") {
  struct Start {
    double mean, sigma;
  };
  for (const Layout layout : kLayouts) {
    for (const auto& [shape, b] : {std::pair{Shape{2, 3, 5, layout}, 2},
                                   {Shape{1, 2, 4, layout}, 1},
                                   {Shape{5, 2, 1, layout}, 5},
                                   {Shape{4, 3, 2, layout}, 2},
                                   {Shape{6, 1, 1, layout}, 3}}) {
      // Inside the limits, both clipped from above, both from below, r = 1 and d = 0.
      for (const auto& [start, r_max] : {std::pair{Start{0.3, 1.2}, 3},
                                         {Start{-50, 0.01}, 3},
                                         {Start{50, 40}, 3},
                                         {Start{0.3, 1.2}, 1}}) {
        for (const bool affine : {true, false}) {
          const auto renorm = Make(MakeBatchRenormReference,
                                   {{"normalization_batch_size", b},
                                    {"r_max", r_max},
                                    {"d_max", r_max == 1 ? 0 : 1.1},
                                    {"affine", affine}},
                                   shape);
          FillParameters(renorm.get(), 8);
          for (double& mean : BufferOf(renorm.get(), "running_mean")) mean = start.mean;
          for (double& sigma : BufferOf(renorm.get(), "running_sigma")) sigma = start.sigma;
          const Values x = Spread(shape.Elements(), 12);
          for (const Mode mode : kModes) CheckGradients(renorm.get(), mode, shape, x);
        }
      }
    }
  }
}

TEST_CASE("batch_renorm reference: errors name the shape and change nothing") {
  const auto renorm = Make(MakeBatchRenormReference, {}, {1, 3, 1});
  CHECK_THROWS_AS(renorm->Statistics(), StateError);
  CHECK_THROWS_AS(Forward(renorm.get(), Mode::kTrain, {1, 3, 1}, {1, 2, 3}), ShapeError);
  CHECK_THROWS_WITH(Forward(renorm.get(), Mode::kTrain, {1, 3, 1}, {1, 2, 3}),
                    Catch::Matchers::ContainsSubstring("[1, 3, 1]"));
  CHECK(BufferOf(renorm.get(), "step")[0] == 0);
  CHECK(Forward(renorm.get(), Mode::kBatchStatistics, {1, 3, 1}, {1, 2, 3}) == Values{0, 0, 0});
  const auto ghost = Make(MakeBatchRenormReference, {{"normalization_batch_size", 2}}, {3, 1, 1});
  CHECK_THROWS_AS(Forward(ghost.get(), Mode::kTrain, {3, 1, 1}, {1, 2, 3}), ShapeError);
  CHECK_THROWS_AS(Forward(ghost.get(), Mode::kBatchStatistics, {3, 1, 1}, {1, 2, 3}), ShapeError);
  CHECK_NOTHROW(Forward(ghost.get(), Mode::kEval, {3, 1, 1}, {1, 2, 3}));
}

}  // namespace
}  // namespace normsweep::testing
