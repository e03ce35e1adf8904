#include "harness/nn/weight_start.h"

#include <cmath>

#include "norms/errors.h"
#include "norms/random.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

NetworkOptions WeightOptions() {
  NetworkOptions options;
  options.network.kind = NetworkKind::kCnn;
  options.network.convolutions = {{5, 1}, {7, 2}, {3, 1}};
  options.normalizer.name = "weight";
  options.input = {1, 6, 6};
  return options;
}

std::vector<float> Samples(int64_t count) {
  Random random(4, 4);
  std::vector<float> samples(static_cast<size_t>(36 * count));
  for (float& x : samples) x = static_cast<float>(0.3 + 2 * random.Gaussian());
  return samples;
}

TEST_CASE("every unit starts with mean 0 and deviation 1 over the samples", "[nn]") {
  Network network(WeightOptions());
  const std::vector<float> samples = Samples(77);
  StartFromData(&network, samples);
  // float32 outputs of size 1, summed in float64: right to about 1e-6.
  for (size_t layer = 0; layer + 1 < network.linears().size(); ++layer) {
    Linear* linear = network.linears()[layer];
    const auto units = static_cast<size_t>(linear->output().channels);
    std::vector<double> sum(units), squares(units);
    const auto positions = 77 * linear->output().Spatial();
    linear->Observe([&](const float* y, int64_t) {
      for (int64_t p = 0; p < positions; ++p) {
        for (size_t o = 0; o < units; ++o, ++y) {
          sum[o] += static_cast<double>(*y);
          squares[o] += static_cast<double>(*y) * static_cast<double>(*y);
        }
      }
    });
    std::copy(samples.begin(), samples.end(), network.Input(77));
    network.Forward(Mode::kTrain, 77);
    linear->Observe(nullptr);
    for (size_t o = 0; o < units; ++o) {
      CAPTURE(layer, o);
      CHECK(sum[o] / static_cast<double>(positions) == Approx(0).margin(2e-6));
      CHECK(squares[o] / static_cast<double>(positions) == Approx(1).epsilon(1e-5));
    }
  }
}

TEST_CASE("a unit that gives one value for all samples is named", "[nn]") {
  Network network(WeightOptions());
  const std::vector<float> constant(36, 0.0f);
  CHECK_THROWS_AS(StartFromData(&network, constant), ValueError);
  CHECK_THROWS_WITH(StartFromData(&network, constant),
                    Catch::Matchers::ContainsSubstring("unit 0 of linear layer 0"));
}

TEST_CASE("networks without a gain are left alone", "[nn]") {
  NetworkOptions options = WeightOptions();
  options.normalizer.name = "spectral";
  Network network(options);
  const float before = network.linears()[0]->weight()[0];
  StartFromData(&network, Samples(3));
  CHECK(network.linears()[0]->weight()[0] == before);
}

}  // namespace
}  // namespace normsweep
