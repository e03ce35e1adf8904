#include "harness/run/time_estimate.h"

#include "norms/testing/catch.h"

namespace normsweep {
namespace {

// Two normalizers of three seeds each; hashes n1, n2, n3, b1, b2, b3.
std::vector<SweepCase> Cases() {
  std::vector<SweepCase> cases;
  for (const char* normalizer : {"none", "batch"}) {
    for (const int seed : {1, 2, 3}) {
      SweepCase one;
      one.columns = {{"normalizer", normalizer}, {"seed", seed}};
      one.hash = std::string(1, normalizer[0]) + std::to_string(seed);
      cases.push_back(one);
    }
  }
  return cases;
}

TEST_CASE("cases that differ in their seed are of one kind") {
  CHECK(KindsOf(Cases()) == std::vector<size_t>{0, 0, 0, 1, 1, 1});
  CHECK(CasesToTime(Cases(), std::vector<bool>(6)) == std::vector<size_t>{0, 3});
  CHECK(CasesToTime(Cases(), {false, true, false, false, false, false}) == std::vector<size_t>{3});
}

TEST_CASE("an estimate is the sum over the kinds, shared by the jobs") {
  const TimeEstimate two = EstimateTime(Cases(), {{"n1", 1}, {"b1", 10}, {"b2", 20}}, 2);
  CHECK(two.left == 3);
  CHECK(two.timed == 3);
  CHECK(two.kinds == 2);
  CHECK(two.timed_kinds == 2);
  CHECK(two.seconds == 15);  // the one case left of the second kind is the longest
  CHECK(EstimateTime(Cases(), {{"n1", 1}, {"b1", 10}, {"b2", 20}}, 1).seconds == 2 * 1 + 15);
  CHECK(EstimateTime(Cases(), {{"n1", 4}, {"b1", 4}}, 2).seconds == 4 * 4 / 2);
  const TimeEstimate one = EstimateTime(Cases(), {{"n1", 2}, {"n2", 4}}, 1);
  CHECK(one.seconds == 4 * 3);  // of which three are of a kind that none has run of
  CHECK(one.timed_kinds == 1);
  CHECK(TimeText(one, 1) ==
        "about 0:12 with 1 job for the 4 cases left, from 2 that ran before (of 1 of 2 kinds)");
  const TimeEstimate none = EstimateTime(Cases(), {}, 1);
  CHECK(TimeText(none, 1) == "unknown until a case has run; --estimate runs 2 and keeps them");
  CHECK(EstimateTime({}, {}, 1).left == 0);
  CHECK(TimeText(EstimateTime({}, {}, 1), 1) == "none: all cases have run");
}

TEST_CASE("of very many kinds some are timed, over the whole sweep") {
  std::vector<SweepCase> cases(1000);
  for (size_t i = 0; i < cases.size(); ++i) cases[i].columns["shape"] = i;
  const std::vector<size_t> timed = CasesToTime(cases, std::vector<bool>(1000));
  REQUIRE(timed.size() == kMostProbes);
  CHECK(timed.front() == 0);
  CHECK(timed.back() > 980);
}

}  // namespace
}  // namespace normsweep
