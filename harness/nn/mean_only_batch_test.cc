// Weight normalization with mean-only batch normalization (slot.h).
#include <cmath>

#include "harness/nn/network.h"
#include "harness/nn/slot.h"
#include "harness/nn/weight_start.h"
#include "norms/errors.h"
#include "norms/random.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

NetworkOptions Options(const Json& more = Json::object()) {
  NetworkOptions options;
  options.network.hidden = {4};
  options.network.activation = ActivationKind::kTanh;
  options.normalizer.name = "weight";
  options.normalizer.options = {{"mean_only_batch", true}};
  options.normalizer.options.update(more);
  options.input = {3, 1, 1};
  return options;
}

void Draw(Network* network, int64_t n) {
  Random random(7, 2);
  for (int64_t i = 0; i < n * 3; ++i) {
    network->Input(n)[i] = static_cast<float>(0.5 + random.Gaussian());
  }
}

// t = w x with w = g v / ||v||, for the n samples of the input. [n, 4]
std::vector<double> Products(Network* network, int64_t n) {
  const Linear& linear = *network->linears()[0];
  const auto g = linear.weight_normalizer()->Parameters()[0].value.Span<float>();
  std::vector<double> t;
  for (int64_t i = 0; i < n; ++i) {
    for (size_t o = 0; o < 4; ++o) {
      double dot = 0, squares = 0;
      for (size_t k = 0; k < 3; ++k) {
        const auto v = static_cast<double>(linear.weight()[3 * o + k]);
        dot += v * static_cast<double>(network->Input(n)[3 * i + static_cast<int64_t>(k)]);
        squares += v * v;
      }
      t.push_back(static_cast<double>(g[o]) * dot / std::sqrt(squares));
    }
  }
  return t;
}

TEST_CASE("mean-only batch norm behind a weight-normalized layer, by hand", "[nn][mean_only]") {
  for (const int64_t n : {2, 3, 7}) {
    Network network(Options());
    CHECK(network.linears()[0]->bias().empty());
    Draw(&network, n);
    Normalizer& batch = *network.activation_normalizers()[0];
    const auto beta = batch.Parameters()[0].value.Span<float>();
    REQUIRE(beta.size() == 4);
    const auto g = network.linears()[0]->weight_normalizer()->Parameters()[0].value.Span<float>();
    for (size_t o = 0; o < 4; ++o) {
      beta[o] = 0.25f * static_cast<float>(o) - 0.5f;
      g[o] = 1.5f - 0.5f * static_cast<float>(o);
    }
    const std::vector<double> t = Products(&network, n);
    const auto logits = network.Forward(Mode::kTrain, n);
    const Linear& last = *network.linears()[1];
    for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
      for (size_t k = 0; k < 10; ++k) {
        double expected = 0;
        for (size_t o = 0; o < 4; ++o) {
          double mean = 0;
          for (size_t j = 0; j < static_cast<size_t>(n); ++j) mean += t[4 * j + o];
          mean /= static_cast<double>(n);
          expected += static_cast<double>(last.weight()[4 * k + o]) *
                      std::tanh(t[4 * i + o] - mean + static_cast<double>(beta[o]));
        }
        CAPTURE(n, i, k);
        CHECK(logits[10 * i + k] == Approx(expected).margin(2e-6));
      }
    }
    // Evaluation uses the running mean, of which 0.1 is this batch's.
    const auto running = FindNamed(batch.Buffers(), "running_mean")->value;
    double mean = 0;
    for (size_t j = 0; j < static_cast<size_t>(n); ++j) mean += t[4 * j] / static_cast<double>(n);
    CHECK(Get(running, 0) == Approx(0.1 * mean).margin(1e-6));
  }
}

TEST_CASE("the data-dependent start with mean-only batch norm", "[nn][mean_only]") {
  constexpr int64_t kCount = 77;  // chunks of 50 and 27, which 4 divides neither of
  NetworkOptions options = Options({{"normalization_batch_size", 4}});
  options.network.hidden = {4, 5};
  Network network(options);
  Random random(9, 9);
  std::vector<float> samples(3 * kCount);
  for (float& x : samples) x = static_cast<float>(0.3 + 2 * random.Gaussian());
  StartFromData(&network, samples);
  for (size_t layer = 0; layer < 2; ++layer) {
    Linear* linear = network.linears()[layer];
    const auto units = static_cast<size_t>(linear->output().channels);
    std::vector<double> sum(units), squares(units);
    linear->Observe([&](const float* y, int64_t n) {
      for (int64_t i = 0; i < n; ++i) {
        for (size_t o = 0; o < units; ++o, ++y) {
          sum[o] += static_cast<double>(*y) / kCount;
          squares[o] += static_cast<double>(*y) * static_cast<double>(*y) / kCount;
        }
      }
    });
    std::copy(samples.begin(), samples.end(), network.Input(kCount));
    network.Forward(Mode::kEval, kCount);
    linear->Observe(nullptr);
    const auto running =
        FindNamed(network.activation_normalizers()[layer]->Buffers(), "running_mean")->value;
    for (size_t o = 0; o < units; ++o) {
      CAPTURE(layer, o);
      CHECK(squares[o] - sum[o] * sum[o] == Approx(1).epsilon(1e-4));
      CHECK(Get(running, static_cast<int64_t>(o)) == Approx(sum[o]).margin(1e-5));
    }
  }
}

TEST_CASE("mean-only batch norm stands before the activation", "[nn][mean_only]") {
  NetworkOptions options = Options({{"normalization_batch_size", 4}, {"eps", 1e-3}});
  options.network.activation = ActivationKind::kRelu;
  options.network.normalizer_after_activation = true;
  const Network network(options);
  const Json batch = network.activation_normalizers()[0]->Info().options;
  CHECK(batch["center_only"] == true);
  CHECK(batch["activation"] == "relu");
  CHECK(batch["normalization_batch_size"] == 4);
  CHECK(network.linears()[0]->weight_normalizer()->Info().options["eps"] == 1e-3);
  CHECK(network.linears()[1]->weight_normalizer() == nullptr);
  CHECK(network.linears()[1]->bias().size() == 10);

  const Network without(Options({{"mean_only_batch", false}}));
  CHECK(without.activation_normalizers().empty());
  CHECK(without.linears()[0]->bias().size() == 4);
  CHECK_THROWS_AS(Network(Options({{"mean_only_batch", 1}})), OptionError);
  CHECK_THROWS_AS(Network(Options({{"center_only", false}})), OptionError);
  CHECK_THROWS_AS(Network(Options({{"horizon", 9}})), OptionError);
  CHECK_THROWS_AS(Network(Options({{"mean_only_batch", false}, {"normalization_batch_size", 4}})),
                  OptionError);
}

}  // namespace
}  // namespace normsweep
