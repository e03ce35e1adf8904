#include "harness/claims/judge.h"

#include <cmath>
#include "norms/testing/catch.h"

#include "harness/claims/claim_tables.h"
#include "norms/random.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

ResultRow Row(const std::string& normalizer, int batch_size, int seed, double error) {
  ResultRow row;
  row.columns = {{"normalizer", normalizer}, {"batch_size", batch_size}, {"seed", seed}};
  row.result.metrics["test_error"] = error;
  return row;
}

// batch: 20 at batch 1, 15, 10, 5 at 8; group: 9 everywhere; five seeds with a spread of 0.5, of
// which 0.4 is the seed's own and so shared by all its rows.
std::vector<ResultRow> Rows(int seeds = 5) {
  std::vector<ResultRow> rows;
  Random random(1, 2);
  for (int seed = 1; seed <= seeds; ++seed) {
    const double own = 0.4 * random.Gaussian();
    for (int i = 0; i < 4; ++i) {
      rows.push_back(Row("batch", 1 << i, seed, 20 - 5 * i + own + 0.1 * random.Gaussian()));
      rows.push_back(Row("group", 1 << i, seed, 9 + own + 0.1 * random.Gaussian()));
    }
  }
  return rows;
}

Claim Make(Expect expect, OrderedJson selected, OrderedJson against, double by = 0) {
  Claim claim;
  claim.name = "a claim";
  claim.metric = "test_error";
  claim.expect = expect;
  claim.selected = std::move(selected);
  claim.against = std::move(against);
  claim.by = by;
  claim.confidence = 0.99;
  if (expect == Expect::kCrossover || expect == Expect::kRising || expect == Expect::kFalling) {
    claim.axis = "batch_size";
  }
  return claim;
}

const OrderedJson kBatch1 = {{"normalizer", "batch"}, {"batch_size", 1}};
const OrderedJson kBatch8 = {{"normalizer", "batch"}, {"batch_size", 8}};
const OrderedJson kGroup1 = {{"normalizer", "group"}, {"batch_size", 1}};
const OrderedJson kGroup8 = {{"normalizer", "group"}, {"batch_size", 8}};
const OrderedJson kBatch = {{"normalizer", "batch"}};
const OrderedJson kGroup = {{"normalizer", "group"}};

Judgement Only(const Claim& claim, const std::vector<ResultRow>& rows) {
  return Judge({claim}, rows).front();
}

TEST_CASE("greater and less: supported, refuted, undecided") {
  const auto rows = Rows();
  const Judgement supported = Only(Make(Expect::kGreater, kBatch1, kBatch8, 1), rows);
  CHECK(supported.verdict == Verdict::kSupported);
  CHECK(supported.paired);
  CHECK(supported.n == 5);
  CHECK(*supported.effect == Approx(15).margin(0.3));
  CHECK(*supported.low < 15.0);
  CHECK(Only(Make(Expect::kGreater, kBatch1, kBatch8, 20), rows).verdict == Verdict::kRefuted);
  CHECK(Only(Make(Expect::kGreater, kBatch1, kBatch8, 15), rows).verdict == Verdict::kUndecided);
  CHECK(Only(Make(Expect::kLess, kBatch8, kBatch1, 1), rows).verdict == Verdict::kSupported);
  CHECK(Only(Make(Expect::kLess, kBatch1, kBatch8, 1), rows).verdict == Verdict::kRefuted);
}

TEST_CASE("equal: supported within the margin, refuted where the interval lies outside") {
  const auto rows = Rows();
  CHECK(Only(Make(Expect::kEqual, kGroup1, kGroup8, 1), rows).verdict == Verdict::kSupported);
  CHECK(Only(Make(Expect::kEqual, kBatch1, kBatch8, 1), rows).verdict == Verdict::kRefuted);
  CHECK(Only(Make(Expect::kEqual, kGroup1, kGroup8, 1e-4), rows).verdict == Verdict::kUndecided);
}

TEST_CASE("pairs are taken where both sides share seeds, Welch's test elsewhere") {
  auto rows = Rows();
  std::erase_if(rows, [](const ResultRow& row) {
    return row.columns["seed"] == 5 && row.columns["batch_size"] == 8;
  });
  const Judgement welch = Only(Make(Expect::kGreater, kBatch1, kBatch8, 1), rows);
  CHECK_FALSE(welch.paired);
  CHECK(welch.n == 4);
  CHECK(welch.verdict == Verdict::kSupported);
  const Judgement paired = Only(Make(Expect::kGreater, kBatch1, kBatch8, 1), Rows());
  CHECK(*paired.high - *paired.low < *welch.high - *welch.low);
}

TEST_CASE("one seed, or a value that is missing, is undecided with its reason") {
  const Judgement one = Only(Make(Expect::kGreater, kBatch1, kBatch8), Rows(1));
  CHECK(one.verdict == Verdict::kUndecided);
  CHECK(one.reason == "fewer than two seeds");
  auto rows = Rows();
  rows[0].result.metrics["test_error"] = std::nan("");
  const Judgement missing = Only(Make(Expect::kGreater, kBatch1, kBatch8), rows);
  CHECK(missing.verdict == Verdict::kUndecided);
  CHECK(missing.reason == "1 row has no finite test_error");
}

TEST_CASE("a number in place of the other side, and another metric there") {
  auto rows = Rows();
  for (ResultRow& row : rows) {
    row.result.metrics["train_error"] = row.result.metrics["test_error"].get<double>() - 2 +
                                        0.001 * row.columns["seed"].get<double>();
  }
  Claim claim = Make(Expect::kLess, kBatch1, {}, 1);
  claim.than = 22;
  const Judgement below = Only(claim, rows);
  CHECK(below.verdict == Verdict::kSupported);
  CHECK(*below.effect == Approx(-2).margin(0.5));
  CHECK_FALSE(below.paired);
  claim.than = 19;
  CHECK(Only(claim, rows).verdict == Verdict::kRefuted);

  Claim gap = Make(Expect::kEqual, kBatch1, kBatch1, 1);
  gap.with = "train_error";
  const Judgement two = Only(gap, rows);
  CHECK(*two.effect == Approx(2).margin(0.01));
  CHECK(two.paired);
  CHECK(two.verdict == Verdict::kRefuted);
  gap.by = 2.1;
  CHECK(Only(gap, rows).verdict == Verdict::kSupported);
}

TEST_CASE("a metric relative to another row of the same seed") {
  auto rows = Rows();
  Claim claim = Make(Expect::kEqual, kBatch1, {}, 0.5);
  claim.than = 15;
  claim.relative_to = {{"batch_size", 8}};
  claim.varied = {"batch_size"};
  const Judgement excess = Only(claim, rows);
  CHECK(*excess.effect == Approx(0).margin(0.3));  // the excess, 15, less the 15 it is held to
  CHECK(excess.verdict == Verdict::kSupported);
  claim.against = kGroup1;  // 15 - 0
  claim.than.reset();
  CHECK(*Only(claim, rows).effect == Approx(15).margin(0.3));
  std::erase_if(rows, [](const ResultRow& row) { return row.columns["batch_size"] == 8; });
  CHECK(Only(claim, rows).reason == "10 rows have no finite test_error");
}

TEST_CASE("a correlation is one of cells, over whose seeds it takes the mean") {
  std::vector<ResultRow> rows;
  Random random(3, 3);
  for (int batch = 1; batch <= 64; batch *= 2) {
    for (int seed = 1; seed <= 5; ++seed) {
      rows.push_back(Row("batch", batch, seed, 10 + 8.0 / batch + 0.01 * random.Gaussian()));
      rows.back().result.metrics["rho"] = 0.5 / batch;
    }
  }
  Claim claim = Make(Expect::kCorrelation, kBatch, {});
  claim.with = "rho";
  const Judgement all = Only(claim, rows);
  CHECK(all.n == 7);
  CHECK(*all.effect == 1);
  CHECK(all.verdict == Verdict::kSupported);
  claim.relative_to = {{"batch_size", 64}};
  claim.varied = {"batch_size"};
  CHECK(Only(claim, rows).n == 6);
  std::erase_if(rows, [](const ResultRow& row) { return row.columns["batch_size"] < 16; });
  CHECK(Only(claim, rows).reason == "fewer than four cells, or a constant");
}

TEST_CASE("of a case with several rows the mean counts") {
  auto rows = Rows();
  const size_t count = rows.size();
  for (size_t i = 0; i < count; ++i) {
    rows.push_back(rows[i]);
    rows.back().result.metrics["test_error"] =
        1 + rows[i].result.metrics["test_error"].get<double>();
  }
  Claim claim = Make(Expect::kEqual, kGroup1, {}, 1);
  claim.than = 9.5;
  const Judgement mean = Only(claim, rows);
  CHECK(mean.n == 5);
  CHECK(mean.effect == Approx(*Only(claim, Rows()).effect + 0.5));
  CHECK(*Only(Make(Expect::kCrossover, kBatch, kGroup), rows).effect ==
        Approx(*Only(Make(Expect::kCrossover, kBatch, kGroup), Rows()).effect));
}

TEST_CASE("rows that diverged are named") {
  auto rows = Rows();
  for (ResultRow& row : rows) {
    if (row.columns["batch_size"] == 1 && row.columns["seed"] == 2) row.result.status = "diverged";
  }
  CHECK(Only(Make(Expect::kGreater, kBatch1, kBatch8, 1), rows).reason ==
        "1 row diverged, at chance error here");
  CHECK(Only(Make(Expect::kEqual, kBatch1, kGroup1, 1), rows).reason ==
        "2 rows diverged, at chance error here");
  CHECK(Only(Make(Expect::kFalling, kBatch, {}), rows).reason ==
        "1 row diverged, at chance error here");
}

TEST_CASE("rising and falling over an axis") {
  const auto rows = Rows();
  const Judgement falling = Only(Make(Expect::kFalling, kBatch, {}), rows);
  CHECK(falling.verdict == Verdict::kSupported);
  CHECK(*falling.effect == -1);
  CHECK(Only(Make(Expect::kRising, kBatch, {}), rows).verdict == Verdict::kRefuted);
  CHECK(Only(Make(Expect::kRising, kGroup, {}), rows).verdict == Verdict::kUndecided);
}

TEST_CASE("the crossover lies where the curves meet, on the logarithm of the axis") {
  const auto rows = Rows();
  const Judgement cross = Only(Make(Expect::kCrossover, kBatch, kGroup), rows);
  CHECK(cross.verdict == Verdict::kSupported);
  CHECK(*cross.effect == Approx(std::exp2(2.2)).epsilon(0.02));  // 20 - 5 i = 9
  CHECK(*cross.low <= *cross.effect);
  CHECK(*cross.high >= *cross.effect);
  // The other way round it is the contrary that holds: group is better at the small end.
  CHECK(Only(Make(Expect::kCrossover, kGroup, kBatch), rows).verdict == Verdict::kRefuted);
  auto above = rows;
  for (ResultRow& row : above) {
    if (row.columns["normalizer"] == "group") row.result.metrics["test_error"] = 0.0;
  }
  CHECK(Only(Make(Expect::kCrossover, kBatch, kGroup), above).verdict == Verdict::kRefuted);
}

TEST_CASE("two normalizers that do not differ cross in at most 5 % of draws") {
  int supported = 0;
  for (int draw = 0; draw < 100; ++draw) {
    Random random(static_cast<uint64_t>(draw), 5);
    std::vector<ResultRow> rows;
    for (int seed = 1; seed <= 5; ++seed) {
      for (int batch = 1; batch <= 8; batch *= 2) {
        rows.push_back(Row("batch", batch, seed, random.Gaussian()));
        rows.push_back(Row("group", batch, seed, random.Gaussian()));
      }
    }
    Claim claim = Make(Expect::kCrossover, kBatch, kGroup);
    claim.confidence = 0.95;
    supported += Only(claim, rows).verdict == Verdict::kSupported ? 1 : 0;
  }
  CHECK(supported <= 5);
}

TEST_CASE("a row of a layer is relative to that layer's row") {
  std::vector<ResultRow> rows;
  for (int seed = 1; seed <= 3; ++seed) {
    for (const int batch : {2, 32}) {
      for (int layer = 1; layer <= 2; ++layer) {
        rows.push_back(Row("batch", batch, seed, 100 * layer + (batch == 2 ? layer : 0)));
        rows.back().columns["layer"] = layer;
      }
    }
  }
  Claim claim = Make(Expect::kEqual, {{"batch_size", 2}}, {}, 0.1);
  claim.than = 1.5;  // the mean of 1 and 2
  claim.relative_to = {{"batch_size", 32}};
  claim.varied = {"batch_size"};
  CHECK(*Only(claim, rows).effect == Approx(0).margin(1e-12));
}

TEST_CASE("a correlation with a row that has no value is undecided") {
  std::vector<ResultRow> rows;
  for (int batch = 1; batch <= 64; batch *= 2) {
    rows.push_back(Row("batch", batch, 1, 10 + 8.0 / batch));
    if (batch > 1) rows.back().result.metrics["rho"] = 0.5 / batch;
  }
  Claim claim = Make(Expect::kCorrelation, kBatch, {});
  claim.with = "rho";
  CHECK(Only(claim, rows).reason == "1 row has no finite rho");
  CHECK(Only(claim, rows).verdict == Verdict::kUndecided);
}

TEST_CASE("Holm's correction over the claims of a run") {
  const auto rows = Rows();
  const Claim sure = Make(Expect::kGreater, kBatch1, kBatch8, 1);
  const Claim weak = Make(Expect::kGreater, kBatch1, kBatch8, 15);
  const auto both = Judge({sure, weak, weak}, rows);
  CHECK(both[0].p_adjusted == Approx(3 * both[0].p));
  CHECK(both[1].p_adjusted >= both[1].p);
  CHECK(both[0].verdict == Verdict::kSupported);
}

TEST_CASE("claims as a file and in words") {
  const auto judged = Judge({Make(Expect::kGreater, kBatch1, kBatch8, 1)}, Rows());
  const std::string csv = ClaimsCsv(judged);
  CHECK(csv.rfind("name,source,metric,expect,by,verdict,effect,low,high,confidence,p,p_adjusted,n,"
                  "paired,reason,p_contrary,p_contrary_adjusted,case,against\na claim,,test_error,"
                  "greater,1",
                  0) == 0);
  CHECK(csv.find("\"normalizer=batch, batch_size=1\"") != std::string::npos);
  CHECK(ClaimsJson(judged)[0]["verdict"] == "supported");
  std::ostringstream out;
  PrintClaims(judged, &out);
  CHECK(out.str().find("supported: a claim\n  test_error greater by 1: ") != std::string::npos);
  PrintClaims({}, &out);
  const auto refuted = Judge({Make(Expect::kLess, kBatch1, kBatch8, 1)}, Rows());
  CHECK(refuted[0].p_contrary_adjusted < 0.01);
  PrintClaims(refuted, &out);
  CHECK(out.str().find("against it, n 5 pairs") != std::string::npos);
}

}  // namespace
}  // namespace normsweep
