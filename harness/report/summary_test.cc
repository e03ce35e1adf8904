#include "harness/report/summary.h"

#include <cmath>

#include "harness/report/results.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

ResultRow Row(const std::string& normalizer, int seed, const nlohmann::ordered_json& metrics) {
  ResultRow row;
  row.columns = {{"normalizer", normalizer}, {"seed", seed}};
  row.result.metrics = metrics;
  return row;
}

// Tables of Student's t give the 0.975 quantile as 12.7062 (1 degree of freedom), 4.30265 (2),
// 2.7764 (4).
TEST_CASE("mean, deviation and interval by hand") {
  const MetricSummary three = SummarizeValues({1, 2, 6});
  CHECK(*three.mean == 3);
  CHECK(*three.sd == Approx(std::sqrt(7.0)));
  CHECK(*three.ci95_high - 3 == Approx(4.30265 * std::sqrt(7.0 / 3)).epsilon(1e-5));
  CHECK(3 - *three.ci95_low == Approx(4.30265 * std::sqrt(7.0 / 3)).epsilon(1e-5));
  const MetricSummary two = SummarizeValues({1, 3});
  CHECK(*two.sd == Approx(std::sqrt(2.0)));
  CHECK(*two.ci95_high - 2 == Approx(12.7062).epsilon(1e-5));
  const MetricSummary five = SummarizeValues({1, 2, 3, 4, 5});
  CHECK(*five.ci95_high - 3 == Approx(2.7764 * std::sqrt(2.5 / 5)).epsilon(1e-4));
}

TEST_CASE("one seed has a mean and nothing else; equal seeds an interval of no width") {
  const MetricSummary one = SummarizeValues({4});
  CHECK(*one.mean == 4);
  CHECK_FALSE(one.sd);
  CHECK_FALSE(one.ci95_low);
  CHECK_FALSE(one.ci95_high);
  const MetricSummary equal = SummarizeValues({4, 4});
  CHECK(*equal.sd == 0);
  CHECK(*equal.ci95_low == 4);
}

TEST_CASE("rows that differ in their seed alone are one, in the order of the first") {
  std::vector<ResultRow> rows = {Row("b", 1, {{"e", 1}, {"late", 5}}), Row("a", 1, {{"e", 7}}),
                                 Row("b", 2, {{"e", 3}}), Row("a", 2, {{"e", NAN}})};
  rows[3].result.status = "diverged";
  rows[0].result.metrics["text"] = "t";
  const auto summary = Summarize(rows);
  REQUIRE(summary.size() == 2);
  CHECK(summary[0].columns.dump() == R"({"normalizer":"b"})");
  CHECK(summary[0].n == 2);
  CHECK(summary[0].n_diverged == 0);
  CHECK(*summary[0].Find("e")->mean == 2);
  CHECK_FALSE(summary[0].Find("late")->mean);  // one of the two has none
  CHECK(summary[0].Find("text") == nullptr);
  CHECK(summary[1].n_diverged == 1);
  CHECK_FALSE(summary[1].Find("e")->mean);
  CHECK(SummaryCsv({summary[1]}) ==
        "normalizer,n,n_diverged,e_mean,e_sd,e_ci95_low,e_ci95_high\na,2,1,,,,\n");
}

}  // namespace
}  // namespace normsweep
