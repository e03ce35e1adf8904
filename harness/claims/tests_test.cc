#include "harness/claims/tests.h"

#include <cmath>
#include <limits>
#include <vector>
#include "norms/testing/catch.h"

#include "norms/random.h"

namespace normsweep {
namespace {

// "Student" 1908: additional hours of sleep with two drugs; the values that R's t.test prints.
const std::vector<double> kDrug1 = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
const std::vector<double> kDrug2 = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};

std::vector<double> Drawn(Random* random, int n, double mean = 0) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(mean + random->Gaussian());
  return values;
}

TEST_CASE("PairedT is R's t.test(paired = TRUE) on the sleep data") {
  std::vector<double> differences;
  for (size_t i = 0; i < kDrug1.size(); ++i) differences.push_back(kDrug1[i] - kDrug2[i]);
  const Estimate e = PairedT(differences, 0, 0.95);
  CHECK(e.effect == Approx(-1.58));
  CHECK(e.low == Approx(-2.4598858).epsilon(1e-7));
  CHECK(e.high == Approx(-0.7001142).epsilon(1e-7));
  CHECK(2 * e.p_below == Approx(0.002833).epsilon(2e-4));
  CHECK(e.p_above == Approx(1 - e.p_below));
  CHECK(e.n == 10);
  // Against the lower end of the interval the one-sided p is 0.025 by definition.
  CHECK(PairedT(differences, e.low, 0.95).p_above == Approx(0.025));
}

TEST_CASE("WelchT is R's t.test on the sleep data") {
  const Estimate e = WelchT(kDrug1, kDrug2, 0, 0.95);
  CHECK(e.low == Approx(-3.3654832).epsilon(1e-7));
  CHECK(e.high == Approx(0.2054832).epsilon(1e-6));
  CHECK(2 * e.p_below == Approx(0.07939).epsilon(1e-4));
}

TEST_CASE("one value says nothing, and values without spread what a sign test does") {
  CHECK(PairedT(std::vector<double>{5}, 0, 0.95).p_above == 1);
  CHECK(PairedT({}, 0, 0.95).p_above == 1);
  CHECK(WelchT(std::vector<double>{5}, std::vector<double>{1, 2}, 0, 0.95).p_above == 1);
  const std::vector<double> same = {2, 2, 2};
  CHECK(PairedT(same, 1, 0.95).p_above == 1.0 / 8);
  CHECK(PairedT(same, 2, 0.95).p_above == 1);
  CHECK(PairedT(same, 2, 0.95).p_below == 1);
  CHECK(WelchT(same, std::vector<double>{0, 0}, 1, 0.95).p_above == 1.0 / 4);
}

TEST_CASE("EqualP is the worse of two one-sided tests") {
  const std::vector<double> d = {0.1, -0.1, 0.2, -0.2, 0.05};
  const auto p = [&](double margin) {
    return EqualP(PairedT(d, -margin, 0.95), PairedT(d, margin, 0.95));
  };
  CHECK(p(1) < 0.001);
  CHECK(p(0.01) > 0.3);
  CHECK(p(0.2) > p(0.3));
}

TEST_CASE("Trend is Jonckheere and Terpstra's test with ties") {
  // Loftus and Palmer 1974, as the textbooks have it. 43 pairs rise, 3 fall, 2 are tied; by hand
  // the variance of J is 46.303 and z is 20 / 6.8046.
  const std::vector<std::vector<double>> speeds = {
      {10, 12, 14, 16}, {12, 18, 20, 22}, {20, 25, 27, 30}};
  const Estimate e = Trend(speeds);
  CHECK(e.effect == Approx(40.0 / 48));
  CHECK(e.p_above == Approx(0.0016455).epsilon(1e-3));
  CHECK(e.p_below == Approx(1 - e.p_above));
  const std::vector<std::vector<double>> turned(speeds.rbegin(), speeds.rend());
  CHECK(Trend(turned).p_below == Approx(e.p_above));
  const std::vector<std::vector<double>> flat = {{3, 3}, {3, 3}};
  CHECK(Trend(flat).p_above == 1);
  CHECK(Trend(std::vector<std::vector<double>>{{1, 2}}).p_above == 1);
  CHECK(Trend(std::vector<std::vector<double>>{{1}, {2}}).p_above == 1);
}

TEST_CASE("RankCorrelation is Spearman's rho, ties sharing their rank") {
  const std::vector<double> x = {1, 2, 3, 4, 5, 6}, y = {2, 1, 4, 3, 6, 5};
  const Estimate e = RankCorrelation(x, y, 0.95);
  CHECK(e.effect == Approx(1 - 6.0 * 6 / 210));
  CHECK(2 * e.p_above == Approx(0.04156).epsilon(1e-3));
  CHECK(e.low < e.effect);
  CHECK(e.high > e.effect);
  CHECK(e.high < 1);
  const std::vector<double> tied = {1, 1, 2, 2}, half = {1, 2, 3, 4};
  CHECK(RankCorrelation(tied, half, 0.95).effect == Approx(2 / std::sqrt(5.0)));
  CHECK(RankCorrelation(x, x, 0.95).p_above == Approx(1.0 / 720));
  CHECK(std::isnan(RankCorrelation(x, std::vector<double>(6, 1), 0.95).effect));
  CHECK(RankCorrelation(std::vector<double>{1, 2, 3}, std::vector<double>{1, 2, 3}, 0.95).p_above ==
        1);
}

TEST_CASE("HolmAdjusted multiplies by the tests that are left, and never falls") {
  CHECK(HolmAdjusted(std::vector<double>{0.03, 0.01, 0.04, 0.02}) ==
        std::vector<double>{0.06, 0.04, 0.06, 0.06});
  CHECK(HolmAdjusted(std::vector<double>{0.9, 0.6}) == std::vector<double>{1, 1});
  CHECK(HolmAdjusted({}).empty());
}

TEST_CASE("FirstCrossing is where the line between two signs is zero") {
  const std::vector<double> at = {1, 2, 3, 4};
  CHECK(FirstCrossing(at, std::vector<double>{3, 1, -1, -3}) == 2.5);
  CHECK(FirstCrossing(at, std::vector<double>{3, 1, 0, -3}) == 3);
  CHECK(FirstCrossing(at, std::vector<double>{-3, 1, -1, 3}) == 1.75);
  CHECK(FirstCrossing(at, std::vector<double>{0, 1, 1, 1}) == 1);
  CHECK(std::isnan(FirstCrossing(at, std::vector<double>{3, 2, 1, 0.5})));
}

TEST_CASE("Quantile is linear, with NaN last") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK(Quantile({4, 1, 3, 2}, 0.5) == 2.5);
  CHECK(Quantile({4, 1, 3, 2}, 0) == 1);
  CHECK(Quantile({nan, 1, 2}, 0.5) == 2);
  CHECK(std::isinf(Quantile({nan, nan, 2}, 0.9)));
}

// Under the null a p below 0.05 comes 5 times in 100: of 4000 draws within 4 standard errors.
TEST_CASE("p is below 0.05 in 5 % of draws without an effect, and nearly always with one") {
  Random random(3, 1);
  int paired = 0, welch = 0, trend = 0, correlated = 0, powerful = 0;
  constexpr int kDraws = 4000;
  for (int i = 0; i < kDraws; ++i) {
    paired += PairedT(Drawn(&random, 5), 0, 0.95).p_above < 0.05;
    welch += WelchT(Drawn(&random, 5), Drawn(&random, 7), 0, 0.95).p_below < 0.05;
    const std::vector<std::vector<double>> groups = {Drawn(&random, 5), Drawn(&random, 5),
                                                     Drawn(&random, 5), Drawn(&random, 5)};
    trend += Trend(groups).p_above < 0.05;
    correlated += RankCorrelation(Drawn(&random, 12), Drawn(&random, 12), 0.95).p_above < 0.05;
    powerful += PairedT(Drawn(&random, 5, 5), 0, 0.95).p_above < 0.05;
  }
  for (const int count : {paired, welch, trend, correlated}) {
    CHECK(count > 200 - 4 * 14);
    CHECK(count < 200 + 4 * 14);
  }
  CHECK(powerful > 3990);
}

}  // namespace
}  // namespace normsweep
