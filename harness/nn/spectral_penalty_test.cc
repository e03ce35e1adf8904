#include "harness/nn/spectral_penalty.h"

#include <algorithm>
#include <memory>

#include "harness/nn/network.h"
#include "harness/nn/singular_value.h"
#include "harness/testing/known_matrix.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

// A network whose first layer has this weight and whose last one has zeros.
std::unique_ptr<Network> WithWeight(const KnownMatrix& matrix) {
  NetworkOptions options;
  options.network.hidden = {matrix.rows};
  options.normalizer.name = "none";
  options.input = {matrix.columns, 1, 1};
  auto network = std::make_unique<Network>(options);
  const auto weight = network->linears()[0]->weight(), last = network->linears()[1]->weight();
  std::copy(matrix.values.begin(), matrix.values.end(), weight.begin());
  std::fill(last.begin(), last.end(), 0.0f);
  return network;
}

double Converge(SpectralPenalty* penalty, const Network& network) {
  double loss = 0;
  for (int step = 0; step < 300; ++step) {
    for (const Linear* linear : network.linears()) {
      std::fill(linear->weight_gradient().begin(), linear->weight_gradient().end(), 0.0f);
    }
    loss = penalty->AddGradient();
  }
  return loss;
}

const std::vector<double> kDiagonals[] = {{0.5, 3.25, 1, 2, 0}, {1.5}, {4, 3, 0.1}};
const KnownMatrix kMatrices[] = {
    {5, 7, kDiagonals[0], 5}, {1, 4, kDiagonals[1], 6}, {8, 3, kDiagonals[2], 7}};

TEST_CASE("the spectral penalty of known matrices", "[nn][penalty]") {
  const double sigmas[] = {3.25, 1.5, 4};
  for (size_t i = 0; i < 3; ++i) {
    const auto network = WithWeight(kMatrices[i]);
    SpectralPenalty penalty(network->linears(), 0.3, 1);
    CHECK(Converge(&penalty, *network) == Approx(0.15 * sigmas[i] * sigmas[i]).epsilon(1e-6));
  }
}

TEST_CASE("the spectral penalty's gradient is lambda sigma u v^T", "[nn][penalty]") {
  const auto network = WithWeight(kMatrices[0]);
  SpectralPenalty penalty(network->linears(), 0.3, 1);
  Converge(&penalty, *network);
  const auto gradient = network->linears()[0]->weight_gradient();
  for (size_t o = 0; o < 5; ++o) {
    for (size_t i = 0; i < 7; ++i) {
      const double u = kMatrices[0].h[5 * o + 1], v = kMatrices[0].k[7 + i];
      CHECK(gradient[7 * o + i] == Approx(0.3 * 3.25 * u * v).margin(1e-6));
    }
  }
  for (const float g : network->linears()[1]->weight_gradient()) CHECK(g == 0);
}

TEST_CASE("the spectral penalty's gradient agrees with finite differences", "[nn][penalty]") {
  for (const KnownMatrix& matrix : kMatrices) {
    const auto network = WithWeight(matrix);
    SpectralPenalty penalty(network->linears(), 0.3, 1);
    Converge(&penalty, *network);
    const auto weight = network->linears()[0]->weight();
    const auto gradient = network->linears()[0]->weight_gradient();
    const auto loss_with = [&](size_t i, float value) {
      const float before = weight[i];
      weight[i] = value;
      const double sigma = LargestSingularValue(weight, matrix.rows);
      weight[i] = before;
      return 0.15 * sigma * sigma;
    };
    for (size_t i = 0; i < weight.size(); ++i) {
      const float up = weight[i] + 0.01f, down = weight[i] - 0.01f;
      const double numeric = (loss_with(i, up) - loss_with(i, down)) /
                             (static_cast<double>(up) - static_cast<double>(down));
      CHECK(gradient[i] == Approx(numeric).margin(2e-4));  // the third derivative
    }
  }
}

TEST_CASE("the spectral penalty adds, goes on from the last step and knows its seed",
          "[nn][penalty]") {
  const auto network = WithWeight(kMatrices[0]);
  const auto gradient = network->linears()[0]->weight_gradient();
  SpectralPenalty one(network->linears(), 2, 1), same(network->linears(), 2, 1),
      other(network->linears(), 2, 2);
  const auto step = [&](SpectralPenalty* penalty, float start) {
    std::fill(gradient.begin(), gradient.end(), start);
    const double loss = penalty->AddGradient();
    return std::pair(loss, std::vector<float>(gradient.begin(), gradient.end()));
  };
  const auto first = step(&one, 0);
  CHECK(step(&same, 0) == first);
  CHECK(step(&other, 0).first != first.first);
  const auto second = step(&one, 0);
  CHECK(second.first > first.first);         // towards sigma^2 from below
  CHECK(second.first < 3.25 * 3.25 + 1e-6);  // and never above
  const auto again = step(&same, 8);         // the second step on top of 8
  for (size_t i = 0; i < gradient.size(); ++i) {
    CHECK(again.second[i] == Approx(8 + second.second[i]).margin(2e-6));
  }
}

}  // namespace
}  // namespace normsweep
