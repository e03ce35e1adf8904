// Statistical tests of claims: pure functions of numbers, with the distributions of Boost.Math.
//
// A one-sided p is the chance, were the claim false, of what was seen or more. Intervals are
// two-sided at `confidence`. Where too few values say nothing, p is 1 and the interval is infinite.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace normsweep {

// A difference, or another effect, with its uncertainty.
struct Estimate {
  double effect = 0;
  double low = 0, high = 0;  // interval
  double p_above = 1;        // against "effect <= by"
  double p_below = 1;        // against "effect >= by"
  int64_t n = 0;             // pairs, or values of the smaller side
};

// Mean of the differences against `by`: Student's t with n - 1 degrees of freedom. Differences
// without any spread have the p of a sign test, 2^-n, or 1.
Estimate PairedT(std::span<const double> differences, double by, double confidence);

// Mean of a minus mean of b: Welch's t (Biometrika 34, 1947), degrees of freedom by Satterthwaite.
Estimate WelchT(std::span<const double> a, std::span<const double> b, double by, double confidence);

// Two one-sided tests (D. J. Schuirmann, J. Pharmacokinet. Biopharm. 15, 1987): the p of "effect
// lies outside [-margin, margin]", from the tests of the effect against -margin and margin.
double EqualP(const Estimate& against_lower, const Estimate& against_upper);

// Jonckheere-Terpstra (A. R. Jonckheere, Biometrika 41, 1954): whether the values rise from group
// to group. Normal approximation with the variance for ties (Hollander and Wolfe 1999, equation
// 6.19). `effect` is Kendall's tau between groups and values, in [-1, 1]: what share of the pairs
// from two groups rises, less what share falls. p_above is that of rising, p_below of falling; the
// interval is left to Bootstrap.
Estimate Trend(std::span<const std::vector<double>> groups);

// Spearman's rank correlation of pairs; p from t with n - 2 degrees of freedom, but at least 1/n!,
// that of one order of n; interval from
// Fisher's z with the variance of Bonett and Wright (Psychometrika 65, 2000).
Estimate RankCorrelation(std::span<const double> x, std::span<const double> y, double confidence);

// Holm's step-down adjustment (Scand. J. Statist. 6, 1979): p to be compared with 1 - confidence.
std::vector<double> HolmAdjusted(std::span<const double> p);

// Where the first difference of neighbouring signs lies: differences[i] at positions[i], which
// rise, linear in between. A difference of 0 is a crossing; NaN where there is none.
double FirstCrossing(std::span<const double> positions, std::span<const double> differences);

// Quantile q of the values, linear between neighbours; NaN values count as more than any other.
double Quantile(std::vector<double> values, double q);

}  // namespace normsweep
