// Verdicts on claims, from the rows of a run.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/claims/claim.h"
#include "harness/report/row.h"

namespace normsweep {

enum class Verdict { kSupported, kRefuted, kUndecided };
const char* Name(Verdict verdict);

// `effect` is in the units of the metric for greater, less and equal (case minus against), Kendall's
// tau for rising and falling, the axis's value for crossover, Spearman's rho for correlation.
struct Judgement {
  Claim claim;
  Verdict verdict = Verdict::kUndecided;
  std::optional<double> effect, low, high;  // none where there is no such number
  // Chance, were the claim false, of what was seen or more; and with Holm's correction over the
  // claims of the config, which is what decides. Likewise were the claim's contrary false, which
  // refutes.
  double p = 1, p_adjusted = 1;
  double p_contrary = 1, p_contrary_adjusted = 1;
  int64_t n = 0;        // pairs of seeds, or seeds of the smaller side, or cells (correlation)
  bool paired = false;  // both sides have the same seeds
  std::string reason;   // why undecided, where it is not just p
};

// supported: the adjusted p of the claim is below 1 - confidence; refuted: that of its contrary (of
// equal: the interval lies outside the margin) is; undecided: everything else.
std::vector<Judgement> Judge(const std::vector<Claim>& claims, const std::vector<ResultRow>& rows);

}  // namespace normsweep
