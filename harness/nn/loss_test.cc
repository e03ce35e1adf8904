#include "harness/nn/loss.h"

#include <array>
#include <cmath>
#include <limits>

#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("cross-entropy of softmax by hand", "[nn]") {
  // p = (1, 2, 1) / 4 and, shifted far out of exp's range, the same again.
  const float log2 = std::log(2.0f);
  const std::array<float, 6> logits{0, log2, 0, 1000, 1000 + log2, 1000};
  const std::array<int32_t, 2> labels{1, 2};
  std::array<float, 6> gradient;
  const LossSum sum = SoftmaxCrossEntropy(logits, labels, gradient.data());
  CHECK(sum.loss == Approx(std::log(2.0) + std::log(4.0)).epsilon(1e-4));
  CHECK(sum.errors == 1);
  CHECK(gradient[0] == Approx(0.125f));  // p / N
  CHECK(gradient[1] == Approx(-0.25f));  // (p - 1) / N
  CHECK(gradient[5] == Approx(-0.375f).epsilon(1e-4));
}

TEST_CASE("a tie or a NaN is an error", "[nn]") {
  const std::array<float, 4> logits{1, 1, std::numeric_limits<float>::quiet_NaN(), 0};
  const std::array<int32_t, 2> labels{0, 1};
  const LossSum sum = SoftmaxCrossEntropy(logits, labels, nullptr);
  CHECK(sum.errors == 2);
  CHECK(std::isnan(sum.loss));
}

}  // namespace
}  // namespace normsweep
