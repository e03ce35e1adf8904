#include "harness/nn/noise.h"

#include <algorithm>
#include <cmath>

#include "harness/nn/loss.h"
#include "harness/nn/network.h"
#include "norms/random.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

// The noise of the next step: m from an input of zeros, s by what an input of ones gives above it.
struct Draws {
  std::vector<double> m, s;  // [n, C, positions], channels_last
};

Draws NextStep(NoiseLayer* of_zeros, NoiseLayer* of_ones, int64_t n) {
  const int64_t count = n * of_zeros->output().Elements();
  std::vector<float> zeros(static_cast<size_t>(count), 0.0f), ones(zeros.size(), 1.0f);
  const float* m = of_zeros->Forward(Mode::kTrain, n, zeros.data());
  const float* y = of_ones->Forward(Mode::kTrain, n, ones.data());
  Draws draws;
  for (int64_t i = 0; i < count; ++i) {
    draws.m.push_back(static_cast<double>(m[i]));
    draws.s.push_back(static_cast<double>(y[i]) - static_cast<double>(m[i]));
  }
  return draws;
}

struct Moments {
  double count = 0, sum = 0, squares = 0, least = 1e9, most = -1e9;
  void Add(double x) {
    ++count;
    sum += x;
    squares += x * x;
    least = std::min(least, x);
    most = std::max(most, x);
  }
  double Mean() const { return sum / count; }
  double Variance() const { return squares / count - Mean() * Mean(); }
};

TEST_CASE("noise has the moments of its definition", "[nn][noise]") {
  const FeatureShape shape{5, 1, 1};
  const NoiseConfig config{.mean = 0.5, .deviation = 1.25, .sample_spread = 0.1};
  NoiseLayer zeros(config, shape, 3, 1), ones(config, shape, 3, 1);
  constexpr int kSteps = 4000;
  constexpr size_t kSamples = 40;
  Moments channel_m, channel_s, within_m, within_s;
  for (int step = 0; step < kSteps; ++step) {
    const Draws draws = NextStep(&zeros, &ones, kSamples);
    for (size_t c = 0; c < 5; ++c) {
      Moments m, s;
      for (size_t i = 0; i < kSamples; ++i) {
        m.Add(draws.m[5 * i + c]);
        s.Add(draws.s[5 * i + c]);
      }
      channel_m.Add(m.Mean());
      channel_s.Add(s.Mean());
      within_m.Add(m.Variance() * kSamples / (kSamples - 1));
      within_s.Add(s.Variance() * kSamples / (kSamples - 1));
      CHECK(m.most - m.least <= 0.2 + 1e-6);  // m lies within 0.1 of mu
    }
  }
  // 20,000 channels. A uniform variable of width d has variance d^2 / 12; a mean over 40 samples
  // adds a 40th of the variance within a channel. Margins are four standard errors.
  CHECK(channel_m.Mean() == Approx(0).margin(4 * 0.289 / 141));
  CHECK(channel_m.Variance() == Approx(1.0 / 12 + 0.04 / 12 / 40).epsilon(0.03));
  CHECK(channel_s.Mean() == Approx(1.125).margin(4 * 0.074 / 141));
  CHECK(channel_s.Variance() == Approx(0.0625 / 12 + 0.01 / 40).epsilon(0.03));
  CHECK(within_m.Mean() == Approx(0.04 / 12).epsilon(0.01));
  CHECK(within_s.Mean() == Approx(0.01).epsilon(0.01));
  CHECK(channel_m.most > 0.49);
  CHECK(channel_m.least < -0.49);
}

TEST_CASE("noise is a function of seed, layer and step", "[nn][noise]") {
  const FeatureShape shape{3, 2, 1};
  const auto draw = [&](uint64_t seed, uint64_t layer, int step, int64_t n) {
    NoiseLayer zeros({}, shape, seed, layer), ones({}, shape, seed, layer);
    for (int i = 0; i < step; ++i) NextStep(&zeros, &ones, 2);
    return NextStep(&zeros, &ones, n).m;
  };
  const std::vector<double> one = draw(1, 0, 0, 3);
  CHECK(draw(1, 0, 0, 3) == one);
  CHECK(draw(2, 0, 0, 3) != one);
  CHECK(draw(1, 1, 0, 3) != one);
  CHECK(draw(1, 0, 1, 3) != one);
  // A smaller batch has the first samples' noise; the positions of a channel share theirs.
  const std::vector<double> less = draw(1, 0, 0, 1);
  CHECK(less == std::vector<double>(one.begin(), one.begin() + 6));
  for (size_t i = 0; i < 3; ++i) {
    for (size_t c = 0; c < 3; ++c) CHECK(one[6 * i + c] == one[6 * i + 3 + c]);
  }
  CHECK(one[0] != one[1]);
  CHECK(one[0] != one[6]);
}

TEST_CASE("noise is off outside training and does not count as a step there", "[nn][noise]") {
  NoiseLayer layer({}, {2, 1, 1}, 1, 0), other({}, {2, 1, 1}, 1, 0);
  std::vector<float> x = {1, 2, 3, 4}, dy = {5, 6, 7, 8};
  for (const Mode mode : {Mode::kEval, Mode::kBatchStatistics}) {
    CHECK(layer.Forward(mode, 2, x.data()) == x.data());
    CHECK(layer.Backward(2, x.data(), dy.data()) == dy.data());
  }
  CHECK(x == std::vector<float>{1, 2, 3, 4});
  CHECK(dy == std::vector<float>{5, 6, 7, 8});
  const float* a = layer.Forward(Mode::kTrain, 2, x.data());
  const float* b = other.Forward(Mode::kTrain, 2, x.data());
  CHECK(std::equal(a, a + 4, b));
  CHECK(a[0] != 1);
}

NetworkOptions Options(const char* network, const char* normalizer) {
  NetworkOptions options;
  options.network = ReadNetworkConfig(Json::parse(network), "/network");
  options.network.noise = NoiseConfig{};
  options.normalizer.options = Json::parse(normalizer);
  options.normalizer.name = options.normalizer.options["name"].get<std::string>();
  options.normalizer.options.erase("name");
  options.input = {2, 5, 4};
  return options;
}

// The loss at the noise of the first step, with the weights of linear layer `layer` moved along
// `direction`; and the gradient there.
double Loss(const NetworkOptions& options, size_t layer, double distance,
            const std::vector<double>& direction, std::vector<double>* gradient = nullptr) {
  constexpr int64_t kSamples = 3;
  Network network(options);
  Random random(7, 1);
  float* input = network.Input(kSamples);
  for (int64_t i = 0; i < kSamples * options.input.Elements(); ++i) {
    input[i] = static_cast<float>(random.Gaussian());
  }
  const std::vector<int32_t> labels = {1, 4, 9};
  const auto weight = network.linears()[layer]->weight();
  for (size_t i = 0; i < direction.size(); ++i) {
    weight[i] = static_cast<float>(static_cast<double>(weight[i]) + distance * direction[i]);
  }
  const auto logits = network.Forward(Mode::kTrain, kSamples);
  std::vector<float> of_logits(logits.size());
  const double loss = SoftmaxCrossEntropy(logits, labels, of_logits.data()).loss / kSamples;
  if (gradient != nullptr) {
    network.Backward(kSamples, of_logits.data());
    const auto g = network.linears()[layer]->weight_gradient();
    gradient->assign(g.begin(), g.end());
  }
  return loss;
}

TEST_CASE("gradients through noise agree with finite differences", "[nn][noise]") {
  for (const char* network :
       {R"({"name": "mlp", "hidden": [9, 12], "activation": "tanh"})",
        R"({"name": "cnn", "convolutions": [{"channels": 6}], "activation": "sigmoid",
            "normalizer_position": "after_activation"})",
        R"({"name": "resnet", "depth": 8, "width": 3, "activation": "tanh"})"}) {
    for (const char* normalizer :
         {R"({"name": "none"})", R"({"name": "batch"})", R"({"name": "weight"})",
          R"({"name": "weight", "mean_only_batch": true})"}) {
      CAPTURE(network, normalizer);
      const NetworkOptions options = Options(network, normalizer);
      std::vector<double> gradient;
      Loss(options, 0, 0, {}, &gradient);
      double length = 0;
      for (const double g : gradient) length += g * g;
      length = std::sqrt(length);
      REQUIRE(length > 0.01);
      std::vector<double> along = gradient;
      for (double& g : along) g /= length;
      constexpr double kStep = 2e-3;
      const double numeric =
          (Loss(options, 0, kStep, along) - Loss(options, 0, -kStep, along)) / (2 * kStep);
      CHECK(length == Approx(numeric).epsilon(0.02).margin(1e-3));
    }
  }
}

TEST_CASE("noise keeps relu out of the normalizer", "[nn][noise]") {
  NetworkOptions options = Options(R"({"name": "mlp", "hidden": [9, 12]})", R"({"name": "batch"})");
  const auto fused = [&] {
    const Network network(options);
    return network.activation_normalizers()[0]->Info().options["activation"] == "relu";
  };
  CHECK_FALSE(fused());
  options.network.noise.reset();
  CHECK(fused());
}

}  // namespace
}  // namespace normsweep
