#include "harness/experiments/check/check_experiment.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "harness/experiments/check/comparison.h"
#include "harness/experiments/check/fill.h"
#include "harness/experiments/check/identities.h"
#include "harness/experiments/check/mutants.h"
#include "harness/experiments/check/suites.h"
#include "harness/experiments/check/tolerance.h"
#include "harness/experiments/registry.h"
#include "harness/run/plan.h"
#include "harness/run/runner.h"
#include "norms/errors.h"
#include "norms/kernels/target.h"
#include "norms/random.h"
#include "norms/testing/catch.h"
#include "norms/testing/sanitized.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

std::map<std::string, int> StatusesOf(const Plan& plan) {
  std::vector<Json> cases;
  for (const SweepCase& one : plan.cases) cases.push_back(one.resolved);
  plan.experiment->Prepare(cases, {});
  RunnerOptions options;
  options.jobs = 2;
  const auto results = RunCases(CasesHere(plan.experiment, std::move(cases)), options);
  std::map<std::string, int> statuses;
  for (size_t i = 0; i < results->size(); ++i) {
    const CaseResult& result = (*results)[i].front();
    ++statuses[result.status];
    if (result.status == "FAILED") UNSCOPED_INFO(plan.cases[i].coordinates + ": " + result.reason);
  }
  return statuses;
}

Plan ShippedCheck(const std::vector<std::string>& settings) {
  return MakePlan(std::string(NORMSWEEP_SOURCE_DIR) + "/configs/check.json", settings,
                  Experiments());
}

// Leaves out the shapes of more values.
void KeepShapesUpTo(int64_t values, Plan* plan) {
  for (SweepCase& one : plan->cases) {
    if (!one.resolved.contains("shapes")) continue;  // identities and mutants have their own
    Json& shapes = one.resolved["shapes"];
    shapes.erase(std::remove_if(shapes.begin(), shapes.end(),
                                [&](const Json& dims) {
                                  int64_t size = 1;
                                  for (const Json& d : dims) size *= d.get<int64_t>();
                                  return size > values;
                                }),
                 shapes.end());
  }
}

TEST_CASE("check.json passes for every row") {
  Plan plan = ShippedCheck({});
  if (testing::kSanitized) KeepShapesUpTo(5000, &plan);
  auto statuses = StatusesOf(plan);
  CHECK(statuses["FAILED"] == 0);
  CHECK(statuses["PASSED"] > 1500);
  // Each variant that oneDNN computes, on the huge fill: two layouts, three modes. (Torch's come in
  // threes: of the modes.)
  CHECK(statuses["PEER_LIMIT"] > 0);
  CHECK(statuses["PEER_LIMIT"] % 3 == 0);
  // Spectral norm of 1e-20 with eps 1e-12 has no direction left: refused, by the reference too.
  CHECK(statuses["MISTRUSTED"] == 6);
}

TEST_CASE("check.json fails with any one mutant in place of the real thing") {
  for (const Mutant& mutant : Mutants()) {
    INFO(mutant.name << ": " << mutant.mistake);
    Plan plan = ShippedCheck({std::string("mutant=") + mutant.name, "backend=native",
                              "gradients=false", "identities=false", "mutants=false"});
    std::erase_if(plan.cases, [&](const SweepCase& one) {
      return one.resolved["normalizer"]["name"] != mutant.normalizer;
    });
    KeepShapesUpTo(testing::kSanitized ? 100 : 2000, &plan);
    REQUIRE_FALSE(plan.cases.empty());
    auto statuses = StatusesOf(plan);
    CHECK(statuses["FAILED"] > 0);
  }
}

TEST_CASE("check.json passes for native with every instruction set of the machine") {
  Plan plan =
      ShippedCheck({"backend=native", "gradients=false", "identities=false", "mutants=false"});
  KeepShapesUpTo(testing::kSanitized ? 100 : 2000, &plan);
  struct Restore {
    std::string before = kernels::CurrentTarget();
    ~Restore() { kernels::ForceTarget(before); }
  } const restore;
  std::map<std::string, int> best;
  for (const std::string& target : kernels::Targets()) {
    kernels::ForceTarget(target);
    INFO("target " << target);
    auto statuses = StatusesOf(plan);
    CHECK(kernels::CurrentTarget() == target);
    CHECK(statuses["FAILED"] == 0);
    CHECK(statuses["PASSED"] > 1000);
    if (best.empty()) best = statuses;
    CHECK(statuses == best);
  }
}

TEST_CASE("inputs are the first numbers of two streams, kept or drawn") {
  for (const int64_t size : {int64_t{5}, int64_t{1} << 17, (int64_t{1} << 17) + 1}) {
    const CheckData data = MakeCheckData("gaussian", {"layer", "native", {}}, {1, 1, size});
    Random x(20, 0), dy(20, 1);
    const auto next = [](Random* random, double mean, double deviation) {
      return static_cast<double>(static_cast<float>(mean + deviation * random->Gaussian()));
    };
    int64_t wrong = 0;
    for (const double value : data.warm_up) wrong += value == next(&x, 1, 2) ? 0 : 1;
    for (const double value : data.x) wrong += value == next(&x, 1, 2) ? 0 : 1;
    for (const double value : data.dy) wrong += value == next(&dy, 0, 1) ? 0 : 1;
    CHECK(wrong == 0);
    CHECK(data.x.size() + data.warm_up.size() + data.dy.size() == static_cast<size_t>(3 * size));
  }
}

TEST_CASE("a wrapper without a mistake is not caught") {
  for (const char* name :
       {"none", "batch", "batch_renorm", "layer", "instance", "group", "weight", "spectral"}) {
    NormalizerSpec spec{name, "native", Json::object()};
    if (spec.name == "group") spec.options["groups"] = 3;
    for (const char* fill : FillNames()) {
      if (spec.name == "spectral" && std::string(fill) == "tiny") continue;  // refused
      for (const Mode mode : {Mode::kTrain, Mode::kBatchStatistics, Mode::kEval}) {
        INFO(name << " " << fill << " " << Name(mode));
        const Comparison compared = Compare(spec, {2, 3, 7}, mode, fill, WithControl());
        CHECK(compared.mismatch.empty());
        CHECK_FALSE(compared.errors.empty());
        for (const OutputError& entry : compared.errors) CHECK(entry.error <= entry.tolerance);
      }
    }
  }
}

TEST_CASE("every mutant's name is its own, and an unknown one is an error") {
  std::set<std::string> names;
  for (const Mutant& mutant : Mutants()) names.insert(mutant.name);
  CHECK(names.size() == Mutants().size());
  CHECK_THROWS_AS(WithMutant("no-such-mutant"), UnknownNameError);
  CHECK_THROWS_AS(ShippedCheck({"mutant=no-such-mutant"}), Error);
}

TEST_CASE("shapes may be swept, and the mutants then see all of them") {
  const Json config = Json::parse(R"({"mutants": true,
      "sweep": {"normalizer": [{"name": "weight"}], "shapes": [[[2, 3]], [[4, 3], [5, 3]]]}})");
  const std::vector<Json> cases = MakeCheckExperiment()->ExtraCases(config);
  REQUIRE(cases.size() == 1);
  CHECK(cases[0]["shapes"].dump() == "[[2,3],[4,3],[5,3]]");
}

Json BackendCase(const Json& normalizer, const std::string& backend, const std::string& mode,
                 const std::string& input, const Json& shapes) {
  return {{"normalizer", normalizer},
          {"backend", backend},
          {"layout", "channels_first"},
          {"mode", mode},
          {"input", input},
          {"shapes", shapes}};
}

TEST_CASE("a peer's listed limit that starts to pass fails") {
  // Seven squares of 1e18 still fit into a float32 sum, 49 x 17 do not.
  const CaseResult fits =
      RunBackendSuite(BackendCase({{"name", "layer"}}, "onednn", "train", "huge", {{1, 1, 7}}));
  CHECK(fits.status == "FAILED");
  CHECK(fits.reason.find("listed as a peer's limit, but passes") == 0);
  const CaseResult overflows =
      RunBackendSuite(BackendCase({{"name", "layer"}}, "onednn", "train", "huge", {{1, 17, 49}}));
  CHECK(overflows.status == "PEER_LIMIT");
  CHECK(RunBackendSuite(BackendCase({{"name", "layer"}}, "native", "train", "huge", {{1, 17, 49}}))
            .status == "PASSED");
}

TEST_CASE("a limit holds for what it names only") {
  constexpr Layout kFirst = Layout::kChannelsFirst, kLast = Layout::kChannelsLast;
  const NormalizerSpec group{"group", "torch", {{"groups", 3}}}, weight{"weight", "torch", {}};
  CHECK(FindPeerLimit(group, kLast, "offset").has_value());
  CHECK_FALSE(FindPeerLimit(group, kFirst, "offset").has_value());
  CHECK_FALSE(FindPeerLimit(group, kLast, "gaussian").has_value());
  CHECK(FindPeerLimit(weight, kFirst, "tiny").has_value());
  CHECK_FALSE(FindPeerLimit({"layer", "torch", {{"affine", "channel"}}}, kFirst, "huge"));
  for (const char* backend : {"native", "reference"}) {
    for (const char* fill : FillNames()) {
      CHECK_FALSE(FindPeerLimit({"group", backend, {}}, kLast, fill));
    }
  }
}

TEST_CASE("what cannot be is skipped with its reason") {
  const CaseResult result = RunBackendSuite(
      BackendCase({{"name", "weight"}}, "onednn", "train", "gaussian", {{2, 3, 7}}));
  CHECK(result.status == "SKIPPED");
  CHECK(result.reason == "oneDNN has no weight normalization");
}

TEST_CASE("a pass on zeros is mistrusted") {
  // One value a set: y and dx are 0, whatever the backend does.
  const CaseResult result = RunBackendSuite(BackendCase({{"name", "instance"}, {"affine", false}},
                                                        "native", "eval", "gaussian", {{2, 3}}));
  CHECK(result.status == "MISTRUSTED");
}

TEST_CASE("an identity sees a NaN wherever it stands, and what follows does not hide it") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const std::vector<double> right = {1, 2, 4};
  CHECK(RelativeDifference(std::vector<double>{1, 2.5, 4}, right) == 0.125);
  CHECK(RelativeDifference(std::vector<double>{9, nan, 4}, right) == infinity);
  CHECK(RelativeDifference(std::vector<double>{1, 2, infinity}, right) == infinity);
  CHECK(RelativeDifference(std::vector<double>{1, 2}, right) == infinity);
  CHECK(RelativeDifference(std::vector<double>{0.5}, std::vector<double>{0}) == 0.5);
}

TEST_CASE("the exact fill has exact moments in any order of summation, in float32") {
  for (const char* name : {"batch", "layer", "instance", "group", "weight"}) {
    NormalizerSpec spec;
    spec.name = name;
    if (spec.name == "group") spec.options["groups"] = 3;
    for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
      for (const int64_t s : {1, 7, 49}) {
        const Shape shape{5, 3, s, layout};
        const CheckData data = MakeCheckData("exact", spec, shape);
        std::map<int64_t, std::vector<float>> sets;
        ForEachElement(shape, [&](int64_t offset, int64_t n, int64_t c, int64_t) {
          sets[SetIndex(spec, shape, n, c)].push_back(
              static_cast<float>(data.x[static_cast<size_t>(offset)]));
        });
        for (auto& set : sets) {
          std::vector<float>& values = set.second;
          const auto mean = [&] {
            float sum = 0;
            for (const float v : values) sum += v;
            return sum / static_cast<float>(values.size());
          };
          const float forward = mean();
          std::sort(values.begin(), values.end());
          CHECK(forward == std::round(forward));
          CHECK(forward == mean());
        }
      }
    }
  }
}

TEST_CASE("tolerances grow with the sum and the condition for peers, and never for us") {
  const ToleranceInput small{.own = false, .terms = 10, .condition = 0};
  const ToleranceInput large{.own = false, .terms = 100000, .condition = 0};
  const ToleranceInput shifted{.own = false, .terms = 10, .condition = 1e4};
  CHECK(OutputTolerance(small) < 1e-6);
  CHECK(OutputTolerance(large) > OutputTolerance(small));
  CHECK(OutputTolerance(shifted) > 1e3 * OutputTolerance(small));
  // The exact fill spares the sums their rounding, but not a mean that is folded into y = a x + b.
  const ToleranceInput exact{.own = false, .exact = true, .terms = 10, .condition = 1e4};
  const ToleranceInput folded{
      .own = false, .exact = true, .folded = true, .terms = 10, .condition = 1e4};
  CHECK(OutputTolerance(exact) < 5e-7);
  CHECK(OutputTolerance(folded) == OutputTolerance(shifted));
  const ToleranceInput own{.own = true, .terms = 100000, .condition = 1e4};
  CHECK(OutputTolerance(own) < 5e-7);
}

}  // namespace
}  // namespace normsweep
