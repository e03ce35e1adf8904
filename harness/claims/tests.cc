#include "harness/claims/tests.h"

#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

namespace normsweep {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

struct MeanAndVariance {
  double mean = 0;
  double variance = 0;  // with n - 1
};

MeanAndVariance Describe(std::span<const double> values) {
  const auto n = static_cast<double>(values.size());
  MeanAndVariance d;
  d.mean = std::accumulate(values.begin(), values.end(), 0.0) / n;
  for (const double v : values) d.variance += (v - d.mean) * (v - d.mean);
  d.variance /= n - 1;
  return d;
}

// An effect with standard error `error` and `freedom` degrees of freedom, from n values.
Estimate StudentEstimate(double effect, double error, double freedom, int64_t n, double by,
                         double confidence) {
  Estimate e;
  e.effect = effect;
  e.n = n;
  if (error == 0) {
    e.low = e.high = effect;
    const double least = std::exp2(-static_cast<double>(n));
    e.p_above = effect > by ? least : 1;
    e.p_below = effect < by ? least : 1;
    return e;
  }
  const boost::math::students_t t(freedom);
  const double half = boost::math::quantile(t, 0.5 + confidence / 2) * error;
  e.low = effect - half;
  e.high = effect + half;
  e.p_above = boost::math::cdf(boost::math::complement(t, (effect - by) / error));
  e.p_below = boost::math::cdf(t, (effect - by) / error);
  return e;
}

Estimate TooFew(double effect, int64_t n) { return {effect, -kInfinity, kInfinity, 1, 1, n}; }

// Ranks from 1, ties sharing their mean.
std::vector<double> Ranks(std::span<const double> values) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (size_t first = 0; first < order.size();) {
    size_t last = first;
    while (last < order.size() && values[order[last]] == values[order[first]]) ++last;
    const double rank = static_cast<double>(first + last + 1) / 2;
    for (size_t i = first; i < last; ++i) ranks[order[i]] = rank;
    first = last;
  }
  return ranks;
}

double Correlation(std::span<const double> x, std::span<const double> y) {
  const MeanAndVariance a = Describe(x), b = Describe(y);
  double sum = 0;
  for (size_t i = 0; i < x.size(); ++i) sum += (x[i] - a.mean) * (y[i] - b.mean);
  return sum / (static_cast<double>(x.size() - 1) * std::sqrt(a.variance * b.variance));
}

// The sums over group sizes or ties that the variance of J is made of.
struct PowerSums {
  double one = 0, two = 0, three = 0;  // t (t-1) (2t+5), t (t-1) (t-2), t (t-1)
  void Add(double t) {
    one += t * (t - 1) * (2 * t + 5);
    two += t * (t - 1) * (t - 2);
    three += t * (t - 1);
  }
};

double TrendVariance(std::span<const std::vector<double>> groups) {
  PowerSums sizes, ties, all;
  std::map<double, int64_t> counts;
  for (const std::vector<double>& group : groups) {
    sizes.Add(static_cast<double>(group.size()));
    for (const double v : group) ++counts[v];
  }
  int64_t total = 0;
  for (const auto& [value, count] : counts) {
    ties.Add(static_cast<double>(count));
    total += count;
  }
  const auto n = static_cast<double>(total);
  all.Add(n);
  double variance = (all.one - sizes.one - ties.one) / 72;
  if (n > 2) variance += sizes.two * ties.two / (36 * n * (n - 1) * (n - 2));
  return variance + sizes.three * ties.three / (8 * n * (n - 1));
}

}  // namespace

Estimate PairedT(std::span<const double> differences, double by, double confidence) {
  const auto n = static_cast<int64_t>(differences.size());
  if (n < 2) return TooFew(n == 0 ? kNan : differences[0], n);
  const MeanAndVariance d = Describe(differences);
  return StudentEstimate(d.mean, std::sqrt(d.variance / static_cast<double>(n)),
                         static_cast<double>(n - 1), n, by, confidence);
}

Estimate WelchT(std::span<const double> a, std::span<const double> b, double by,
                double confidence) {
  const auto n = static_cast<int64_t>(std::min(a.size(), b.size()));
  if (n < 2) return TooFew(kNan, n);
  const MeanAndVariance da = Describe(a), db = Describe(b);
  const auto na = static_cast<double>(a.size()), nb = static_cast<double>(b.size());
  const double va = da.variance / na, vb = db.variance / nb;
  const double freedom =
      (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1));  // NaN where both are 0
  return StudentEstimate(da.mean - db.mean, std::sqrt(va + vb), freedom, n, by, confidence);
}

double EqualP(const Estimate& against_lower, const Estimate& against_upper) {
  return std::max(against_lower.p_above, against_upper.p_below);
}

Estimate Trend(std::span<const std::vector<double>> groups) {
  double rising = 0, falling = 0, pairs = 0;
  int64_t least = groups.empty() ? 0 : std::numeric_limits<int64_t>::max();
  for (size_t j = 0; j < groups.size(); ++j) {
    least = std::min(least, static_cast<int64_t>(groups[j].size()));
    for (size_t i = 0; i < j; ++i) {
      for (const double a : groups[i]) {
        for (const double b : groups[j]) {
          rising += b > a ? 1 : 0;
          falling += b < a ? 1 : 0;
          pairs += 1;
        }
      }
    }
  }
  if (groups.size() < 2 || least < 2) return TooFew(kNan, least);
  Estimate e = TooFew((rising - falling) / pairs, least);
  const double variance = TrendVariance(groups);
  if (!(variance > 0)) return e;  // all values are the same
  // J counts ties half, so J minus its mean is half of what rises more than falls.
  const boost::math::normal normal;
  const double z = (rising - falling) / 2 / std::sqrt(variance);
  e.p_above = boost::math::cdf(boost::math::complement(normal, z));
  e.p_below = boost::math::cdf(normal, z);
  return e;
}

Estimate RankCorrelation(std::span<const double> x, std::span<const double> y, double confidence) {
  const auto n = static_cast<int64_t>(x.size());
  if (n < 4) return TooFew(kNan, n);
  const double r = Correlation(Ranks(x), Ranks(y));
  if (!std::isfinite(r)) return TooFew(kNan, n);  // one of them is constant
  const auto count = static_cast<double>(n);
  const double least = std::exp(-std::lgamma(count + 1));  // one order of n!
  Estimate e{r, r, r, r > 0 ? least : 1, r < 0 ? least : 1, n};
  if (std::abs(r) >= 1) return e;
  const boost::math::students_t t(count - 2);
  const double statistic = r * std::sqrt((count - 2) / (1 - r * r));
  e.p_above = std::max(least, boost::math::cdf(boost::math::complement(t, statistic)));
  e.p_below = std::max(least, boost::math::cdf(t, statistic));
  const double half = boost::math::quantile(boost::math::normal(), 0.5 + confidence / 2) *
                      std::sqrt((1 + r * r / 2) / (count - 3));
  e.low = std::tanh(std::atanh(r) - half);
  e.high = std::tanh(std::atanh(r) + half);
  return e;
}

std::vector<double> HolmAdjusted(std::span<const double> p) {
  std::vector<size_t> order(p.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size());
  double so_far = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto tests_left = static_cast<double>(order.size() - i);
    so_far = std::max(so_far, std::min(1.0, tests_left * p[order[i]]));
    adjusted[order[i]] = so_far;
  }
  return adjusted;
}

double FirstCrossing(std::span<const double> positions, std::span<const double> differences) {
  for (size_t i = 0; i < differences.size(); ++i) {
    if (differences[i] == 0) return positions[i];
    if (i + 1 == differences.size()) break;
    if ((differences[i] > 0) == (differences[i + 1] > 0) || differences[i + 1] == 0) continue;
    const double share = differences[i] / (differences[i] - differences[i + 1]);
    return positions[i] + share * (positions[i + 1] - positions[i]);
  }
  return kNan;
}

double Quantile(std::vector<double> values, double q) {
  if (values.empty()) return kNan;
  for (double& v : values) v = std::isnan(v) ? kInfinity : v;
  std::sort(values.begin(), values.end());
  const double at = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, values.size() - 1);
  const double share = at - static_cast<double>(below);
  if (share == 0 || values[below] == values[above]) return values[below];
  return values[below] + share * (values[above] - values[below]);
}

}  // namespace normsweep
