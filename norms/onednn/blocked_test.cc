// oneDNN in its own format against the float64 reference: what is under test is the adapter (the
// reorders, the padding of channels, which statistics are whose), so the inputs are well-behaved
// and the tolerance is that of float32 sums.
#include "norms/onednn/blocked.h"

#include <cmath>

#include "norms/errors.h"
#include "norms/registry.h"
#include "norms/testing/float64.h"

namespace normsweep::onednn {
namespace {

using testing::Values;

std::vector<float> Floats(std::span<const double> values) {
  std::vector<float> floats(values.size());
  for (size_t i = 0; i < values.size(); ++i) floats[i] = static_cast<float>(values[i]);
  return floats;
}

Values Rounded(const Values& values) {
  const std::vector<float> floats = Floats(values);
  return {floats.begin(), floats.end()};
}

// Sums of up to 500 float32 values of about 1.
void CheckNear(const char* what, std::span<const float> got, std::span<const double> expected) {
  REQUIRE(got.size() == expected.size());
  double largest = 1;
  for (const double value : expected) largest = std::max(largest, std::abs(value));
  for (size_t i = 0; i < got.size(); ++i) {
    INFO(what << " " << i << ": " << got[i] << ", expected " << expected[i]);
    CHECK(std::abs(static_cast<double>(got[i]) - expected[i]) <= 2e-6 * largest);
  }
}

struct Case {
  nlohmann::json options;
  Shape shape;
  Mode mode;
};

// Gives both sides the same parameters and running statistics, none of them 0, 1 or alike.
void SetState(Normalizer* reference, BlockedBatchNorm* blocked) {
  const auto give = [](std::span<double> to, std::span<float> also, uint64_t seed, double mean) {
    testing::Assign(to,
                    Rounded(testing::Gaussian(static_cast<int64_t>(to.size()), seed, mean, 0.2)));
    if (also.empty()) return;
    const std::vector<float> floats = Floats(to);
    std::copy(floats.begin(), floats.end(), also.begin());
  };
  if (!reference->Parameters().empty()) {
    give(testing::ParameterOf(reference, "gamma"), blocked->gamma(), 11, 1.3);
    give(testing::ParameterOf(reference, "beta"), blocked->beta(), 12, 0.4);
  }
  if (!reference->Buffers().empty()) {
    give(testing::BufferOf(reference, "running_mean"), blocked->mean(), 13, 0.5);
    give(testing::BufferOf(reference, "running_var"), blocked->variance(), 14, 3);
  }
}

void CompareWithReference(const Case& c) {
  INFO(c.options << " " << c.shape.ToString() << " " << Name(c.mode));
  const auto reference = Create({"batch", "reference", c.options}, c.shape);
  const auto blocked = BlockedBatchNorm::Make(c.options, c.shape, c.mode, nullptr);
  REQUIRE(blocked != nullptr);
  INFO(blocked->format() << " " << blocked->Implementation());
  SetState(reference.get(), blocked.get());
  const int64_t size = c.shape.Elements();
  // Two rounds: nothing of the first may be left in the second.
  for (const uint64_t seed : {uint64_t{1}, uint64_t{2}}) {
    const Values x = Rounded(testing::Spread(size, seed));
    const Values dy = Rounded(testing::Gaussian(size, seed));
    for (const Parameter& p : reference->Parameters()) {
      testing::Assign(p.gradient.Span<double>(), Values(static_cast<size_t>(c.shape.c), 0));
    }
    const Values y = testing::Forward(reference.get(), c.mode, c.shape, x);
    const Values dx = testing::Backward(reference.get(), c.shape, x, dy);
    std::vector<float> got(x.size(), -99);
    blocked->Load(Floats(x).data(), Floats(dy).data());
    blocked->Forward();
    blocked->Backward();
    blocked->StoreForward(got.data());
    CheckNear("y", got, y);
    blocked->StoreBackward(got.data());
    CheckNear("dx", got, dx);
    if (!reference->Parameters().empty()) {
      CheckNear("dgamma", blocked->dgamma(), testing::GradientOf(reference.get(), "gamma"));
      CheckNear("dbeta", blocked->dbeta(), testing::GradientOf(reference.get(), "beta"));
    }
    const SetStatistics statistics = reference->Statistics();
    if (statistics.mean.empty()) continue;
    CheckNear("mean", blocked->mean(), statistics.mean);
    CheckNear("variance", blocked->variance(), statistics.variance);
  }
}

TEST_CASE("blocked batch norm gives the reference's numbers for every padding of the channels") {
  for (const Layout layout : testing::kLayouts) {
    for (const Mode mode : testing::kModes) {
      for (const int64_t n : {1, 2}) {
        for (const int64_t c : {1, 3, 8, 15, 16, 17, 24, 33}) {
          for (const int64_t s : {1, 7, 49}) {
            if (n * s == 1) continue;
            // At two values a channel the usual eps makes every derivative a rounding error.
            const double eps = n * s == 2 ? 0.5 : 1e-5;
            CompareWithReference({{{"eps", eps}}, {n, c, s, layout}, mode});
          }
        }
      }
      CompareWithReference({{{"affine", false}}, {2, 5, 7, layout}, mode});
      CompareWithReference({{{"track_running_stats", false}}, {2, 18, 5, layout}, mode});
    }
  }
}

TEST_CASE("blocked batch norm takes a blocked format wherever that is compiled at run time") {
  for (const Layout layout : testing::kLayouts) {
    for (const int64_t channels : {3, 16, 64, 100}) {
      const Shape shape{2, channels, 49, layout};
      const auto made = BlockedBatchNorm::Make({}, shape, Mode::kTrain, nullptr);
      INFO(made->format() << " " << made->Implementation());
      const bool plain = made->format() == "nchw" || made->format() == "nhwc";
      CHECK((plain || made->Implementation().find("jit") != std::string::npos));
    }
  }
}

TEST_CASE("blocked batch norm says what it cannot do, and in which order calls come") {
  const Shape shape{2, 3, 5};
  std::string why;
  CHECK(BlockedBatchNorm::Make({{"center_only", true}}, shape, Mode::kTrain, &why) == nullptr);
  CHECK(why.find("deviation") != std::string::npos);
  CHECK(BlockedBatchNorm::Make({{"normalization_batch_size", 1}}, shape, Mode::kEval, &why) ==
        nullptr);
  CHECK(why.find("sub-batches") != std::string::npos);
  CHECK_THROWS_AS(BlockedBatchNorm::Make({{"epsilon", 1}}, shape, Mode::kTrain, &why), OptionError);
  CHECK_THROWS_AS(BlockedBatchNorm::Make({}, {1, 3, 1}, Mode::kTrain, &why), ShapeError);
  CHECK_THROWS_AS(BlockedBatchNorm::Make({}, {1, 0, 1}, Mode::kTrain, &why), ShapeError);

  const auto made = BlockedBatchNorm::Make({}, shape, Mode::kTrain, &why);
  std::vector<float> x(30, 2), out(30);
  CHECK_THROWS_AS(made->Forward(), StateError);
  made->Load(x.data(), nullptr);
  CHECK_THROWS_AS(made->Backward(), StateError);
  CHECK_THROWS_AS(made->StoreForward(out.data()), StateError);
  made->Forward();
  CHECK_THROWS_AS(made->Backward(), StateError);  // no dy
  CHECK_THROWS_AS(made->StoreBackward(out.data()), StateError);
  CHECK_NOTHROW(made->StoreForward(out.data()));
}

}  // namespace
}  // namespace normsweep::onednn
