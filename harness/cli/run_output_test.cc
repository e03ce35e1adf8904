// What a run shows while it goes on, and the report that it makes at its end.
#include "harness/cli/run_command_testing.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("a run makes the report of what it wrote, and of nothing else") {
  RunTest test;
  std::vector<std::string> reported;
  test.options.report = [&](const std::string& folder) {
    CHECK(test.folder.Has("out/fake/results.json"));
    reported.push_back(folder);
    return std::string("no report: tired");
  };
  REQUIRE(test.Run() == kAllGood);
  CHECK(reported == std::vector<std::string>{test.options.output + "/fake"});
  CHECK(test.out.str().find("/out/fake\nno report: tired\n") != std::string::npos);
  test.options.no_report = true;
  REQUIRE(test.Run() == kAllGood);
  test.options.no_report = false;
  test.options.output.clear();
  test.options.selection.filter = "seed=1";
  REQUIRE(test.Run() == kAllGood);
  CHECK(reported.size() == 1);
}

TEST_CASE("an interrupt while the report is made ends the run, whose results stay") {
  RunTest test;
  test.options.configs.push_back(test.folder.Write("b.json", [] {
    Json json = Json::parse(kConfig);
    json["name"] = "second";
    return json.dump();
  }()));
  test.options.report = [&](const std::string&) {
    test.script().interrupt = 2;
    return std::string("no report: interrupted");
  };
  CHECK(test.Run() == 130);
  CHECK(test.folder.Has("out/fake/results.json"));
  CHECK_FALSE(test.folder.Has("out/second/results.json"));
}

TEST_CASE("an interrupt while the results are written counts without a report, too") {
  class Slow : public FakeExperiment {
    std::vector<ResultFile> Files(const std::vector<const CaseResult*>&) const override {
      script_of_test->interrupt = 15;
      return {};
    }
  };
  const ExperimentKind slow[] = {{"train", "", [] { return std::unique_ptr<Experiment>(new Slow); },
                                  CaseThreads::kOne, PrintErrorTables}};
  RunTest test;
  test.options.no_report = true;
  CHECK(RunCommand(test.options, slow, &test.script().interrupt, test.console) == 143);
  CHECK(test.folder.Has("out/fake/results.json"));
}

TEST_CASE("while a run goes on, a terminal shows the tables of the cases that are done") {
  class Slow : public FakeExperiment {
    std::vector<CaseResult> Run(const Json& resolved) override {
      // A table is shown after two seconds, when the second cell has one seed.
      if (script_of_test->runs.size() == 4) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2500));
      }
      return FakeExperiment::Run(resolved);
    }
  };
  const ExperimentKind slow[] = {{"train", "", [] { return std::unique_ptr<Experiment>(new Slow); },
                                  CaseThreads::kOne, PrintErrorTables}};
  RunTest test;
  test.options.jobs = 1;
  test.console.terminal = {true, [] { return 80; }, [] { return 24; }};
  CHECK(RunCommand(test.options, slow, nullptr, test.console) == kAllGood);
  const std::string out = test.out.str();
  const size_t first = out.find(
      "batch_size           2     4\x1b[K\n"
      "none        22.0 +-2.5  41.0\x1b[K\n"
      "fake: 4/12 cases");
  CHECK(first != std::string::npos);
  // In the end only the results are left.
  const size_t last = out.rfind("\x1b[J");
  REQUIRE(last != std::string::npos);
  CHECK(out.substr(last + 3).rfind("test error in %", 0) == 0);
}

}  // namespace
}  // namespace normsweep
