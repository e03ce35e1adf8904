#include "harness/claims/judge.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "harness/claims/tests.h"
#include "harness/report/metrics.h"
#include "norms/random.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr int kResamples = 10000;

// What speaks for a claim and what for its contrary.
struct Evidence {
  Judgement judgement;
  double p_for = 1, p_against = 1;
};

using BySeed = std::map<double, double>;
using Rows = std::vector<const ResultRow*>;

struct Missing {
  int64_t rows = 0;
  std::string metric;
  int64_t diverged = 0;  // rows that are there, but at chance error
};

std::optional<double> ValueOf(const ResultRow& row, const std::string& metric) {
  for (const auto& [name, value] : Flatten(row.result.metrics)) {
    if (name == metric) return FiniteNumber(value);
  }
  return std::nullopt;
}

// The row that `row` is compared with.
const ResultRow* Baseline(const Claim& claim, const ResultRow& row, const Rows& rows) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const ResultRow* other) {
    return IsBaseline(claim, row.columns, other->columns);
  });
  return found == rows.end() ? nullptr : *found;
}

// The claim's metric, relative to what it is relative to.
std::optional<double> ClaimedValue(const Claim& claim, const ResultRow& row, const Rows& rows) {
  const auto value = ValueOf(row, claim.metric);
  if (claim.relative_to.empty() || !value) return value;
  const ResultRow* baseline = Baseline(claim, row, rows);
  const auto other = baseline == nullptr ? std::nullopt : ValueOf(*baseline, claim.metric);
  return other ? std::optional(*value - *other) : std::nullopt;
}

double SeedOf(const ResultRow& row) {
  const auto seed = row.columns.find("seed");
  return seed == row.columns.end() ? 0 : seed->get<double>();
}

// Values by seed; of several for one (a case with a row for each layer) the mean.
class SeedMeans {
 public:
  void Add(const ResultRow& row, std::optional<double> value) {
    diverged_ += row.result.status == "diverged" ? 1 : 0;
    if (value) {
      values_[SeedOf(row)].push_back(*value);
    } else {
      ++missing_;
    }
  }
  BySeed Means() const {
    BySeed means;
    for (const auto& [seed, values] : values_) {
      const double sum = std::accumulate(values.begin(), values.end(), 0.0);
      means[seed] = sum / static_cast<double>(values.size());
    }
    return means;
  }
  int64_t missing() const { return missing_; }
  int64_t diverged() const { return diverged_; }

 private:
  std::map<double, std::vector<double>> values_;
  int64_t missing_ = 0, diverged_ = 0;
};

// One side of a comparison; rows without a finite value are counted.
BySeed Collect(const Claim& claim, const RowSelector& selector, const std::string& metric,
               const Rows& rows, Missing* missing) {
  SeedMeans means;
  for (const ResultRow* row : rows) {
    if (!Matches(selector, row->columns)) continue;
    means.Add(*row,
              metric == claim.metric ? ClaimedValue(claim, *row, rows) : ValueOf(*row, metric));
  }
  if (means.missing() > 0) missing->metric = metric;
  missing->rows += means.missing();
  missing->diverged += means.diverged();
  return means.Means();
}

std::vector<double> Values(const BySeed& by_seed) {
  std::vector<double> values;
  for (const auto& [seed, value] : by_seed) values.push_back(value);
  return values;
}

bool SameSeeds(const BySeed& a, const BySeed& b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](auto& x, auto& y) { return x.first == y.first; });
}

Estimate Difference(const BySeed& a, const BySeed& b, double by, double confidence) {
  if (!SameSeeds(a, b)) return WelchT(Values(a), Values(b), by, confidence);
  std::vector<double> differences;
  for (const auto& [seed, value] : a) differences.push_back(value - b.at(seed));
  return PairedT(differences, by, confidence);
}

void PutInterval(const Estimate& e, Judgement* judgement) {
  const auto finite = [](double v) {
    return std::isfinite(v) ? std::optional(v) : std::optional<double>();
  };
  judgement->effect = finite(e.effect);
  judgement->low = finite(e.low);
  judgement->high = finite(e.high);
  judgement->n = e.n;
}

std::string Complaint(const Missing& missing) {
  return std::to_string(missing.rows) + (missing.rows == 1 ? " row has" : " rows have") +
         " no finite " + missing.metric;
}

std::string DivergedNote(const Missing& missing) {
  if (missing.diverged == 0) return "";
  return std::to_string(missing.diverged) + (missing.diverged == 1 ? " row" : " rows") +
         " diverged, at chance error here";
}

Evidence JudgeDifference(const Claim& claim, const Rows& rows) {
  Evidence e;
  e.judgement.claim = claim;
  Missing missing;
  const BySeed a = Collect(claim, claim.selected, claim.metric, rows, &missing);
  BySeed b = a;
  if (claim.than) {
    for (auto& [seed, value] : b) value = *claim.than;
  } else {
    b = Collect(claim, claim.against, claim.with.empty() ? claim.metric : claim.with, rows,
                &missing);
  }
  if (missing.rows > 0) {
    e.judgement.reason = Complaint(missing);
    return e;
  }
  e.judgement.paired = !claim.than && SameSeeds(a, b);
  const double sign = claim.expect == Expect::kLess ? -1 : 1;
  const Estimate upper = Difference(a, b, sign * claim.by, claim.confidence);
  PutInterval(upper, &e.judgement);
  if (claim.expect == Expect::kEqual) {
    const Estimate lower = Difference(a, b, -claim.by, claim.confidence);
    e.p_for = EqualP(lower, upper);
    e.p_against = std::min(lower.p_below, upper.p_above) * 2;
  } else {
    e.p_for = sign > 0 ? upper.p_above : upper.p_below;
    e.p_against = sign > 0 ? upper.p_below : upper.p_above;
  }
  e.judgement.reason = DivergedNote(missing);
  if (e.judgement.n < 2) e.judgement.reason = "fewer than two seeds";
  return e;
}

// Values of the axis, rising, each with the metric by seed.
std::map<double, BySeed> Curve(const RowSelector& selector, const Claim& claim, const Rows& rows,
                               Missing* missing) {
  std::map<double, SeedMeans> points;
  for (const ResultRow* row : rows) {
    const auto at = row->columns.find(claim.axis);
    if (!Matches(selector, row->columns) || at == row->columns.end() || !at->is_number()) continue;
    points[at->get<double>()].Add(*row, ClaimedValue(claim, *row, rows));
  }
  std::map<double, BySeed> curve;
  for (const auto& [at, means] : points) {
    if (means.missing() < 1) curve[at] = means.Means();
    missing->rows += means.missing();
    missing->diverged += means.diverged();
  }
  missing->metric = claim.metric;
  return curve;
}

// The groups with seeds drawn again, with replacement: the same ones for all groups of one size, for
// groups share their seeds.
std::vector<std::vector<double>> Resample(const std::vector<std::vector<double>>& groups,
                                          Random* random) {
  std::map<size_t, std::vector<size_t>> draws;
  std::vector<std::vector<double>> drawn;
  for (const std::vector<double>& group : groups) {
    std::vector<size_t>& places = draws[group.size()];
    while (places.size() < group.size()) places.push_back(random->Below(group.size()));
    drawn.emplace_back();
    for (const size_t place : places) drawn.back().push_back(group[place]);
  }
  return drawn;
}

Evidence JudgeTrend(const Claim& claim, const Rows& rows) {
  Evidence e;
  e.judgement.claim = claim;
  Missing missing;
  std::vector<std::vector<double>> groups;
  for (const auto& [at, by_seed] : Curve(claim.selected, claim, rows, &missing)) {
    groups.push_back(Values(by_seed));
  }
  if (missing.rows > 0) {
    e.judgement.reason = Complaint(missing);
    return e;
  }
  Estimate trend = Trend(groups);
  Random random(1, 1);
  std::vector<double> taus;
  for (int i = 0; trend.n >= 2 && i < kResamples; ++i) {
    taus.push_back(Trend(Resample(groups, &random)).effect);
  }
  if (!taus.empty()) {
    trend.low = Quantile(taus, 0.5 - claim.confidence / 2);
    trend.high = Quantile(taus, 0.5 + claim.confidence / 2);
  }
  PutInterval(trend, &e.judgement);
  const bool rising = claim.expect == Expect::kRising;
  e.p_for = rising ? trend.p_above : trend.p_below;
  e.p_against = rising ? trend.p_below : trend.p_above;
  e.judgement.reason = DivergedNote(missing);
  if (trend.n < 2) e.judgement.reason = "fewer than two values of the axis, or two seeds";
  return e;
}

// Where the mean differences cross, as the axis's value: linear in its logarithm.
double Crossing(const std::vector<double>& positions,
                const std::vector<std::vector<double>>& differences) {
  std::vector<double> logs, means;
  for (const double at : positions) logs.push_back(std::log2(at));
  for (const std::vector<double>& one : differences) {
    double sum = 0;
    for (const double d : one) sum += d;
    means.push_back(sum / static_cast<double>(one.size()));
  }
  return std::exp2(FirstCrossing(logs, means));
}

Evidence JudgeCrossover(const Claim& claim, const Rows& rows) {
  Evidence e;
  e.judgement.claim = claim;
  e.judgement.paired = true;
  Missing missing;
  const auto a = Curve(claim.selected, claim, rows, &missing);
  const auto b = Curve(claim.against, claim, rows, &missing);
  std::vector<double> positions;
  std::vector<std::vector<double>> differences;
  for (const auto& [at, by_seed] : a) {
    const auto other = b.find(at);
    if (other == b.end() || !SameSeeds(by_seed, other->second) || at <= 0) continue;
    positions.push_back(at);
    differences.emplace_back();
    for (const auto& [seed, value] : by_seed) {
      differences.back().push_back(value - other->second.at(seed));
    }
  }
  if (missing.rows > 0) e.judgement.reason = Complaint(missing);
  const bool enough = positions.size() >= 2 && differences.front().size() >= 2;
  if (!enough) e.judgement.reason = "fewer than two values of the axis, or two shared seeds";
  if (!e.judgement.reason.empty()) return e;
  Random random(1, 1);
  std::vector<double> crossings;
  crossings.reserve(kResamples);
  for (int i = 0; i < kResamples; ++i) {
    crossings.push_back(Crossing(positions, Resample(differences, &random)));
  }
  const auto n = static_cast<int64_t>(differences.front().size());
  PutInterval({Crossing(positions, differences), Quantile(crossings, 0.5 - claim.confidence / 2),
               Quantile(crossings, 0.5 + claim.confidence / 2), 1, 1, n},
              &e.judgement);
  // Both ends must differ, each in its direction: an intersection-union test. That the mean curves
  // of a resample cross proves nothing: those of two equal normalizers do, nine times of ten.
  const Estimate first = PairedT(differences.front(), 0, claim.confidence);
  const Estimate last = PairedT(differences.back(), 0, claim.confidence);
  e.judgement.reason = DivergedNote(missing);
  e.p_for = std::max(first.p_above, last.p_below);
  e.p_against = std::min(first.p_below, last.p_above) * 2;
  return e;
}

// Seeds repeat a cell, so the pairs are means over them: as pairs of their own they would make any
// correlation look sure. A row that is its own baseline says nothing.
Evidence JudgeCorrelation(const Claim& claim, const Rows& rows) {
  Evidence e;
  e.judgement.claim = claim;
  struct Cell {
    double x = 0, y = 0, count = 0;
  };
  std::map<std::string, Cell> cells;
  Missing missing;
  for (const ResultRow* row : rows) {
    if (!Matches(claim.selected, row->columns)) continue;
    if (!claim.relative_to.empty() && Matches(claim.relative_to, row->columns)) continue;
    const auto a = ClaimedValue(claim, *row, rows), b = ValueOf(*row, claim.with);
    if (!a || !b) {
      missing = {missing.rows + 1, a ? claim.with : claim.metric};
      continue;
    }
    OrderedJson columns = row->columns;
    columns.erase("seed");
    Cell& cell = cells[columns.dump()];
    cell = {cell.x + *b, cell.y + *a, cell.count + 1};
  }
  std::vector<double> x, y;
  for (const auto& [columns, cell] : cells) {
    x.push_back(cell.x / cell.count);
    y.push_back(cell.y / cell.count);
  }
  const Estimate r = RankCorrelation(x, y, claim.confidence);
  PutInterval(r, &e.judgement);
  e.p_for = r.p_above;
  e.p_against = r.p_below;
  if (std::isnan(r.effect)) e.judgement.reason = "fewer than four cells, or a constant";
  if (missing.rows > 0) {
    e.p_for = e.p_against = 1;
    e.judgement.reason = Complaint(missing);
  }
  return e;
}

Evidence JudgeOne(const Claim& claim, const Rows& rows) {
  switch (claim.expect) {
    case Expect::kGreater:
    case Expect::kLess:
    case Expect::kEqual: return JudgeDifference(claim, rows);
    case Expect::kRising:
    case Expect::kFalling: return JudgeTrend(claim, rows);
    case Expect::kCrossover: return JudgeCrossover(claim, rows);
    case Expect::kCorrelation: break;
  }
  return JudgeCorrelation(claim, rows);
}

}  // namespace

const char* Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kSupported: return "supported";
    case Verdict::kRefuted: return "refuted";
    case Verdict::kUndecided: break;
  }
  return "undecided";
}

std::vector<Judgement> Judge(const std::vector<Claim>& claims, const std::vector<ResultRow>& rows) {
  Rows all;
  for (const ResultRow& row : rows) all.push_back(&row);
  std::vector<Evidence> evidence;
  std::vector<double> p_for, p_against;
  for (const Claim& claim : claims) {
    evidence.push_back(JudgeOne(claim, all));
    p_for.push_back(evidence.back().p_for);
    p_against.push_back(std::min(1.0, evidence.back().p_against));
  }
  const std::vector<double> supports = HolmAdjusted(p_for), refutes = HolmAdjusted(p_against);
  std::vector<Judgement> judgements;
  for (size_t i = 0; i < claims.size(); ++i) {
    Judgement& j = evidence[i].judgement;
    const double alpha = 1 - claims[i].confidence;
    j.p = p_for[i];
    j.p_adjusted = supports[i];
    j.p_contrary = p_against[i];
    j.p_contrary_adjusted = refutes[i];
    if (supports[i] < alpha) {
      j.verdict = Verdict::kSupported;
    } else if (refutes[i] < alpha) {
      j.verdict = Verdict::kRefuted;
    }
    judgements.push_back(std::move(j));
  }
  return judgements;
}

}  // namespace normsweep
