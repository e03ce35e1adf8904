#include <cmath>

#include "norms/batch/batch_norm.h"
#include "norms/errors.h"
#include "norms/testing/float64.h"

namespace normsweep::testing {
namespace {

TEST_CASE("batch reference: four values by hand") {
  // mean 4, variance (9 + 1 + 1 + 9) / 4 = 5, sigma = sqrt(5 + 4) = 3. The gradients were
  // differentiated symbolically from the definition (SymPy).
  const auto batch = Make(MakeBatchNormReference, {{"eps", 4}}, kTwoByTwo);
  ParameterOf(batch.get(), "gamma")[0] = 2;
  ParameterOf(batch.get(), "beta")[0] = 1;
  const Values x = {1, 3, 5, 7};
  CheckClose(Forward(batch.get(), Mode::kTrain, kTwoByTwo, x), {-1, 1.0 / 3, 5.0 / 3, 3});
  const SetStatistics statistics = batch->Statistics();
  CHECK(statistics.count == 4);
  CHECK(statistics.mean == Values{4});
  CHECK(statistics.variance == Values{5});
  CHECK(statistics.r.empty());
  CheckClose(Backward(batch.get(), kTwoByTwo, x, {1, 0, 0, 2}),
             {1.0 / 3, -4.0 / 9, -5.0 / 9, 2.0 / 3});
  CheckClose(GradientOf(batch.get(), "gamma"), {1});
  CheckClose(GradientOf(batch.get(), "beta"), {3});
  Backward(batch.get(), kTwoByTwo, x, {1, 0, 0, 2});
  CheckClose(GradientOf(batch.get(), "beta"), {6});  // gradients accumulate

  // Running statistics 0.1 * 4 and 0.9 + 0.1 * 5 * 4 / 3.
  CheckClose(BufferOf(batch.get(), "running_mean"), {0.4});
  CheckClose(BufferOf(batch.get(), "running_var"), {0.9 + 2.0 / 3});
  const double k = 1 / std::sqrt(0.9 + 2.0 / 3 + 4);
  CheckClose(Forward(batch.get(), Mode::kEval, kTwoByTwo, x),
             {2 * 0.6 * k + 1, 2 * 2.6 * k + 1, 2 * 4.6 * k + 1, 2 * 6.6 * k + 1});
  CHECK(batch->Statistics().mean.empty());
  CheckClose(Backward(batch.get(), kTwoByTwo, x, {1, 0, 0, 2}), {2 * k, 0, 0, 4 * k});
}

TEST_CASE("batch reference: mean-only, by hand") {
  const auto batch = Make(MakeBatchNormReference, {{"center_only", true}}, kTwoByTwo);
  REQUIRE(batch->Parameters().size() == 1);
  REQUIRE(batch->Buffers().size() == 2);
  ParameterOf(batch.get(), "beta")[0] = 1;
  const Values x = {1, 3, 5, 7};
  CheckClose(Forward(batch.get(), Mode::kTrain, kTwoByTwo, x), {-2, 0, 2, 4});
  CheckClose(Backward(batch.get(), kTwoByTwo, x, {1, 0, 0, 2}), {0.25, -0.75, -0.75, 1.25});
  CheckClose(GradientOf(batch.get(), "beta"), {3});
  CheckClose(BufferOf(batch.get(), "running_mean"), {0.4});
  CheckClose(Forward(batch.get(), Mode::kEval, kTwoByTwo, x), {1.6, 3.6, 5.6, 7.6});
  CheckClose(Backward(batch.get(), kTwoByTwo, x, {1, 0, 0, 2}), {1, 0, 0, 2});
}

// The running statistics after each of three batches of two values: means 2, 7, 1, biased variances
// 1, 9, 1, unbiased ones 2, 18, 2.
void CheckRunning(const nlohmann::json& options, const Values& means, const Values& variances) {
  INFO(options);
  const Shape shape{2, 1, 1};
  const auto batch = Make(MakeBatchNormReference, options, shape);
  const Values batches[] = {{1, 3}, {10, 4}, {0, 2}};
  for (size_t t = 0; t < 3; ++t) {
    Forward(batch.get(), Mode::kTrain, shape, batches[t]);
    Forward(batch.get(), Mode::kBatchStatistics, shape, {3, 50});  // changes nothing
    Forward(batch.get(), Mode::kEval, shape, {3, 50});
    CheckClose(BufferOf(batch.get(), "running_mean"), {means[t]});
    CheckClose(BufferOf(batch.get(), "running_var"), {variances[t]});
    CheckClose(BufferOf(batch.get(), "step"), {static_cast<double>(t + 1)});
  }
}

TEST_CASE("batch reference: running statistics of each dialect, by hand") {
  const Values tenth = {0.2, 0.88, 0.892}, hundredth = {0.02, 0.0898, 0.098902};
  CheckRunning({{"dialect", "pytorch"}}, tenth, {1.1, 2.79, 2.711});
  CheckRunning({}, tenth, {1.1, 2.79, 2.711});
  CheckRunning({{"dialect", "keras"}}, hundredth, {1, 1.08, 1.0792});
  CheckRunning({{"dialect", "tf_fused"}}, hundredth, {1.01, 1.1799, 1.188101});
  CheckRunning({{"dialect", "flax"}}, hundredth, {1, 1.08, 1.0792});
  CheckRunning({{"dialect", "paper"}}, {2, 4.5, 10.0 / 3}, {2, 10, 22.0 / 3});
  CheckRunning({{"momentum", nullptr}, {"running_variance", "biased"}}, {2, 4.5, 10.0 / 3},
               {1, 5, 11.0 / 3});
  const double e = std::exp(-0.5), w = 1 - e;  // two samples, horizon 4
  CheckRunning(
      {{"horizon", 4}}, {2 * w, 2 * w * e + 7 * w, 2 * w * e * e + 7 * w * e + w},
      {e + 2 * w, e * e + 2 * w * e + 18 * w, e * e * e + 2 * w * e * e + 18 * w * e + 2 * w});
  for (const auto& [dialect, eps] : {std::pair{"keras", 1e-3}, {"flax", 1e-5}}) {
    const auto batch = Make(MakeBatchNormReference, {{"dialect", dialect}}, {2, 1, 1});
    CheckClose(Forward(batch.get(), Mode::kTrain, {2, 1, 1}, {1, 3}),
               {-1 / std::sqrt(1 + eps), 1 / std::sqrt(1 + eps)});
  }
}

TEST_CASE("batch reference: ghost batches, by hand") {
  // W = 2: samples 0 and 2 (1, 3) and samples 1 and 3 (4, 10) share statistics.
  const Shape shape{4, 1, 1};
  const auto batch = Make(MakeBatchNormReference,
                          {{"normalization_batch_size", 2}, {"eps", 0}, {"horizon", 4}}, shape);
  CHECK(batch->Info().label == "batch(2)");
  CheckClose(Forward(batch.get(), Mode::kTrain, shape, {1, 4, 3, 10}), {-1, -1, 1, 1});
  CHECK(batch->Statistics().count == 2);
  CHECK(batch->Statistics().mean == Values{2, 7});
  CHECK(batch->Statistics().variance == Values{1, 9});
  // One update with the means over the sub-batches, 4.5 and (2 + 18) / 2; all four samples count.
  const double w = 1 - std::exp(-1.0);
  CheckClose(BufferOf(batch.get(), "running_mean"), {4.5 * w});
  CheckClose(BufferOf(batch.get(), "running_var"), {1 - w + 10 * w});
  CHECK(BufferOf(batch.get(), "step")[0] == 1);
}

TEST_CASE("batch reference: gradients are those of the forward") {
  const nlohmann::json variants[] = {
      {{"eps", 0.1}},
      {{"affine", false}},
      {{"center_only", true}},
      {{"track_running_stats", false}},
      {{"eps", 0}, {"track_running_stats", false}, {"affine", false}}};
  for (const Layout layout : kLayouts) {
    for (const Shape& shape : {Shape{2, 3, 5, layout}, Shape{1, 3, 4, layout},
                               Shape{5, 2, 1, layout}, Shape{2, 1, 2, layout}}) {
      for (const nlohmann::json& options : variants) {
        const auto batch = Make(MakeBatchNormReference, options, shape);
        FillParameters(batch.get(), 5);
        const Values x = Spread(shape.Elements(), 4);
        for (int i = 0; i < 3; ++i) Forward(batch.get(), Mode::kTrain, shape, x);
        for (const Mode mode : kModes) CheckGradients(batch.get(), mode, shape, x);
      }
    }
    for (const auto& [shape, b] : {std::pair{Shape{4, 3, 2, layout}, 2},
                                   {Shape{6, 2, 1, layout}, 3},
                                   {Shape{2, 2, 3, layout}, 1}}) {
      for (const bool center_only : {false, true}) {
        const auto batch =
            Make(MakeBatchNormReference,
                 {{"normalization_batch_size", b}, {"center_only", center_only}}, shape);
        FillParameters(batch.get(), 6);
        const Values x = Spread(shape.Elements(), 3);
        for (const Mode mode : kModes) CheckGradients(batch.get(), mode, shape, x);
      }
    }
  }
}

TEST_CASE("batch reference: in place gives the same numbers") {
  for (const Layout layout : kLayouts) {
    const Shape shape{2, 3, 5, layout};
    const Values x = Gaussian(shape.Elements(), 1), dy = Gaussian(shape.Elements(), 2);
    const auto batch = Make(MakeBatchNormReference, {}, shape);
    FillParameters(batch.get(), 1);
    const Values y = Forward(batch.get(), Mode::kTrain, shape, x);
    const Values dx = Backward(batch.get(), shape, x, dy);
    Values in_place = dy;
    batch->Backward({x.data(), shape}, {in_place.data(), shape}, {in_place.data(), shape});
    CHECK(in_place == dx);
    in_place = x;
    batch->Forward(Mode::kTrain, {in_place.data(), shape}, {in_place.data(), shape});
    CHECK(in_place == y);
  }
}

TEST_CASE("batch reference: float64 rounding is never the question") {
  const Shape shape{2, 1, 2};
  const auto batch = Make(MakeBatchNormReference, {{"eps", 0}}, shape);
  const double root = std::sqrt(5.0);
  const Values expected = {-3 / root, -1 / root, 1 / root, 3 / root};
  for (const double scale : {1e-20, 1e18}) {
    const Values x = {1 * scale, 3 * scale, 5 * scale, 7 * scale};
    CheckClose(Forward(batch.get(), Mode::kTrain, shape, x), expected);
  }
  CheckClose(Forward(batch.get(), Mode::kTrain, shape, {1e6 + 1, 1e6 + 3, 1e6 + 5, 1e6 + 7}),
             expected);
  // 30,000 values of mean 1e6 and deviation exactly 1: y = x - 1e6 in any order of summation.
  const Shape large{2, 1, 15000};
  const auto exact = Make(MakeBatchNormReference, {{"eps", 0}}, large);
  Values x(30000);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 1e6 + (i % 3 == 0 ? 1 : -1) * (i % 2 == 0 ? 1 : -1);
  const Values y = Forward(exact.get(), Mode::kTrain, large, x);
  CHECK(exact->Statistics().mean[0] == 1e6);
  CHECK(exact->Statistics().variance[0] == 1);
  CHECK(y[0] == 1);
  CHECK(y[1] == 1);
  CHECK(y[2] == -1);
}

TEST_CASE("batch reference: errors name the shape and write nothing") {
  const Shape one{1, 3, 1};
  const auto batch = Make(MakeBatchNormReference, {}, one);
  CHECK_THROWS_AS(batch->Statistics(), StateError);
  const Values x = {1, 2, 3};
  Values y = {7, 7, 7};
  CHECK_THROWS_WITH(batch->Forward(Mode::kTrain, {x.data(), one}, {y.data(), one}),
                    Catch::Matchers::ContainsSubstring("[1, 3, 1]"));
  CHECK_THROWS_AS(batch->Forward(Mode::kTrain, {x.data(), one}, {y.data(), one}), ShapeError);
  CHECK(y == Values{7, 7, 7});
  CHECK(BufferOf(batch.get(), "step")[0] == 0);
  CHECK(Forward(batch.get(), Mode::kBatchStatistics, one, x) == Values{0, 0, 0});
  CHECK_NOTHROW(Forward(batch.get(), Mode::kEval, one, x));

  const auto ghost = Make(MakeBatchNormReference, {{"normalization_batch_size", 2}}, {3, 1, 1});
  for (const Mode mode : {Mode::kTrain, Mode::kBatchStatistics}) {
    CHECK_THROWS_WITH(
        Forward(ghost.get(), mode, {3, 1, 1}, {1, 2, 3}),
        Catch::Matchers::ContainsSubstring("[3, 1, 1]") && Catch::Matchers::ContainsSubstring("2"));
  }
  CHECK_NOTHROW(Forward(ghost.get(), Mode::kEval, {3, 1, 1}, {1, 2, 3}));
  CHECK_THROWS_AS(Forward(ghost.get(), Mode::kTrain, {1, 1, 1}, {1}), ShapeError);  // N < b
  const auto own =
      Make(MakeBatchNormReference,
           {{"normalization_batch_size", 2}, {"track_running_stats", false}}, {3, 1, 1});
  CHECK_THROWS_AS(Forward(own.get(), Mode::kEval, {3, 1, 1}, {1, 2, 3}), ShapeError);
  const auto single = Make(MakeBatchNormReference, {{"normalization_batch_size", 1}}, {3, 1, 1});
  CHECK_THROWS_AS(Forward(single.get(), Mode::kTrain, {3, 1, 1}, {1, 2, 3}), ShapeError);
  CHECK(Make(MakeBatchNormReference, {{"track_running_stats", false}}, one)->Buffers().empty());
}

TEST_CASE("batch reference: describes itself") {
  const auto batch = Make(MakeBatchNormReference, {{"dialect", "keras"}}, {2, 3, 4});
  CHECK(batch->Info().backend == "reference");
  CHECK(batch->Info().label == "batch");
  CHECK(batch->Info().data_type == DataType::kFloat64);
  CHECK(batch->Info().options["momentum"] == 0.99);
  CHECK(batch->ForwardCost(Mode::kTrain).bytes == 2 * 24 * 8);
}

}  // namespace
}  // namespace normsweep::testing
