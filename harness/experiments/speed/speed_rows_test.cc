#include "harness/experiments/speed/speed_rows.h"

#include "norms/testing/catch.h"

namespace normsweep {
namespace {

Outcome Timed(const char* contestant, double ns, int64_t cost) {
  Outcome one;
  one.contestant = contestant;
  one.cost_bytes = cost;
  one.ns = {ns, ns, ns};
  return one;
}

Outcome Checked(const char* contestant, double ns) {
  Outcome one = Timed(contestant, ns, 800);
  one.check = {"y", 1e-8, 1e-6};
  return one;
}

SpeedCase Case() {
  SpeedCase one;
  one.label = "batch";
  one.shape = {1, 100, 1};
  one.shape_text = "[1,100]";
  return one;
}

TEST_CASE("rows name the case, and compare with the better copy and each real contestant") {
  Outcome composite = Checked("torch", 50);
  composite.info.composite = true;
  Outcome absent;
  absent.contestant = "onednn_blocked";
  absent.skipped = "no reason";
  const std::vector<CaseResult> rows = SpeedRows(
      Case(), 2,
      {Checked("native", 100), Checked("native_again", 110), Checked("onednn", 250), absent,
       composite, Timed("none", 1, 0), Timed("copy", 90, 800), Timed("copy_streaming", 80, 800)},
      1);
  REQUIRE(rows.size() == 8);
  CHECK(rows[0].columns.dump() ==
        R"({"normalizer":"batch","shape":"[1,100]","layout":"channels_first","mode":"train",)"
        R"("cache":"hot","threads":2,"contestant":"native"})");
  CHECK(rows[0].status == "PASSED");
  const auto& timings = rows[0].timings;
  CHECK(timings["median_ns"] == 100);
  CHECK(timings["gb_per_s"] == 8);
  CHECK(timings["fraction_of_copy"] == 0.8);
  CHECK(timings["noise_floor"].get<double>() == Approx(0.1));
  CHECK(timings["speedup_over_onednn"] == 2.5);
  CHECK(timings["verdict_over_onednn"] == "faster");
  CHECK(timings["verdict_over_native_again"] == "equal");
  CHECK(timings["verdict_over_copy_streaming"] == "slower");
  CHECK_FALSE(timings.contains("speedup_over_torch"));  // composite
  CHECK_FALSE(timings.contains("speedup_over_none"));
  CHECK(rows[0].samples["ns"].size() == 3);
  CHECK_FALSE(rows[0].metrics.contains("median_ns"));
  CHECK_FALSE(rows[2].timings.contains("speedup_over_native_again"));
  CHECK(rows[3].status == "SKIPPED");
  CHECK(rows[3].reason == "no reason");
  CHECK(rows[3].timings.empty());
  CHECK(rows[4].metrics["composite"] == true);
  CHECK(rows[5].status == "ok");
  CHECK_FALSE(rows[5].timings.contains("gb_per_s"));
}

TEST_CASE("no time without a pass") {
  Outcome wrong = Timed("native", 0, 800);
  wrong.ns.clear();
  wrong.check = {"dx", 1e-3, 1e-6};
  CHECK_FALSE(wrong.passed());
  const CaseResult row = SpeedRows(Case(), 1, {wrong}, 1)[0];
  CHECK(row.status == "FAILED");
  CHECK(row.reason.find("dx is off by 0.001") == 0);
  CHECK(row.timings.empty());
  CHECK(row.samples.empty());
}

}  // namespace
}  // namespace normsweep
