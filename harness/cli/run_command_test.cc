#include "harness/cli/run_command.h"

#include <chrono>
#include <sstream>
#include <thread>

#include "harness/cli/repro.h"
#include "harness/cli/run_command_testing.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("a run writes its rows in the order of the sweep") {
  RunTest test;
  REQUIRE(test.Run() == kAllGood);
  CHECK(test.script().prepared == 12);
  const std::string csv = test.folder.Read("out/fake/results.csv");
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  CHECK(line ==
        "normalizer,normalizer.name,normalizer.groups,batch_size,seed,test_error,train_loss,"
        "test_error_epoch_1,test_error_epoch_2,steps_to_target_error,status,reason,repro");
  std::getline(lines, line);
  const std::string repro = "normsweep run " + test.options.configs[0] + " --case ";
  CHECK(line.rfind("none,none,,2,1,21,0.1,50.5,21,,ok,," + repro, 0) == 0);
  for (int i = 0; i < 9; ++i) std::getline(lines, line);
  CHECK(line.rfind("group(2),group,2,4,1,41,0.1,50.5,41,7,ok,," + repro, 0) == 0);
  const Json json = Json::parse(test.folder.Read("out/fake/results.json"));
  CHECK(json["schema_version"] == 1);
  CHECK(json["config"]["name"] == "fake");
  CHECK(json["rows"].size() == 12);
  CHECK(json["summary"].size() == 4);
  CHECK(json["environment"]["normsweep"].is_string());
  CHECK(test.folder.Read("out/fake/timings.csv").find("seconds") != std::string::npos);
  // The config, journal and lock, and four results without left-overs.
  CHECK(test.folder.Files() == 7);
}

TEST_CASE("results.csv and summary.csv are the same bytes for any number of jobs", "[threads]") {
  RunTest test;
  test.script().slow = true;
  test.options.jobs = 1;
  REQUIRE(test.Run() == kAllGood);
  const std::string results = test.folder.Read("out/fake/results.csv");
  const std::string summary = test.folder.Read("out/fake/summary.csv");
  REQUIRE_FALSE(results.empty());
  test.options.jobs = 4;
  test.options.output = test.folder / "four";
  REQUIRE(test.Run() == kAllGood);
  CHECK(test.folder.Read("four/fake/results.csv") == results);
  CHECK(test.folder.Read("four/fake/summary.csv") == summary);
}

TEST_CASE("a row's repro line runs that row alone, and writes nothing unasked") {
  RunTest test;
  REQUIRE(test.Run() == kAllGood);
  const Json row = Json::parse(test.folder.Read("out/fake/results.json"))["rows"][7];
  const std::string whole = test.folder.Read("out/fake/results.csv");
  test.script().runs.clear();
  test.options.selection.hash = row["hash"];
  CHECK(row["repro"] ==
        ReproLine(ReproCommand(test.options, test.options.configs[0]), row["hash"]));
  test.options.output.clear();
  REQUIRE(test.Run() == kAllGood);
  REQUIRE(test.script().runs.size() == 1);
  CHECK(test.script().runs[0]["normalizer"]["name"] == "group");
  CHECK(test.folder.Read("out/fake/results.csv") == whole);
  CHECK(test.out.str().find("no files written") != std::string::npos);
}

TEST_CASE("a repro line has what changed the config, quoted for a shell") {
  RunOptions options;
  options.settings = {"training.epochs=2", "network.hidden=[4]"};
  options.data = "my data";
  CHECK(ReproLine(ReproCommand(options, "a.json"), "00") ==
        "normsweep run a.json --set training.epochs=2 --set 'network.hidden=[4]' --case 00");
  options.data_given = true;
  CHECK(ReproCommand(options, "it's.json")
            .rfind("normsweep run 'it'\\''s.json' --data 'my data' --set", 0) == 0);
}

TEST_CASE("a filter keeps the cases that match") {
  RunTest test;
  test.options.selection.filter = "normalizer=group.*batch_size=2";
  REQUIRE(test.Run() == kAllGood);
  CHECK(test.script().prepared == 3);
  test.options.selection.filter = "(";
  CHECK(test.Run() == kBadUsage);
  CHECK(test.err.str().find("--filter (: expected a regular expression") != std::string::npos);
  test.options.selection.filter = "seed=9";
  CHECK(test.Run() == kBadUsage);
  test.options.selection.filter.clear();
  test.options.selection.hash = "0000000000000000";
  CHECK(test.Run() == kBadUsage);
}

TEST_CASE("a dry run shows the cases and runs none") {
  RunTest test;
  test.options.dry_run = true;
  REQUIRE(test.Run() == kAllGood);
  CHECK(test.script().prepared == 0);
  CHECK(test.out.str().find("  normalizer=group(2),batch_size=4,seed=3\n") != std::string::npos);
  CHECK(test.folder.Files() == 1);
}

TEST_CASE("every config is checked before the first case runs") {
  RunTest test;
  test.options.configs.push_back(test.folder.Write("bad.json", "{\"name\": 3}"));
  CHECK(test.Run() == kBadUsage);
  CHECK(
      test.err.str() ==
      "normsweep: " + test.folder / "bad.json" +
          ": /experiment: missing, expected one of \"check\" \"speed\" \"statistics\" \"train\"\n");
  test.options.configs[1] = test.options.configs[0];
  CHECK(test.Run() == kBadUsage);
  CHECK(test.err.str().find("/name: \"fake\" is also the name of") != std::string::npos);
  CHECK(test.script().runs.empty());
}

TEST_CASE("what only the experiment can see is named where it stands in the file") {
  RunTest test;
  test.options.settings = {"sweep.batch_size=[2, 13]"};
  CHECK(test.Run() == kBadUsage);
  CHECK(test.err.str().find(": /sweep/batch_size/1: 13, expected luck\n") != std::string::npos);
}

TEST_CASE("a case that throws breaks the run, with the line that runs it alone", "[threads]") {
  RunTest test;
  test.script().fail = true;
  test.options.jobs = 1;
  CHECK(test.Run() == kRunBroke);
  CHECK(test.err.str().find("the case normalizer=none,batch_size=4,seed=1 broke: no room") !=
        std::string::npos);
  CHECK(test.err.str().find("run it alone: normsweep run ") != std::string::npos);
  CHECK(test.err.str().find("3 of 12 cases of fake are kept in ") != std::string::npos);
  CHECK_FALSE(test.folder.Has("out/fake/results.csv"));
}

TEST_CASE("an interrupt writes no results and says what is kept", "[threads]") {
  RunTest test;
  test.script().interrupt_at_once = true;
  test.script().slow = true;
  CHECK(test.Run() == 130);
  CHECK(test.err.str().find("normsweep: interrupted\n") != std::string::npos);
  CHECK_FALSE(test.folder.Has("out/fake/results.csv"));
}

TEST_CASE("a folder that cannot be written is found before any work") {
  RunTest test;
  test.options.output = test.folder.Write("file", "");
  CHECK(test.Run() == kRunBroke);
  CHECK(test.err.str().find("cannot create the folder " + test.options.output) !=
        std::string::npos);
  test.options.output = "/proc/none";
  CHECK(test.Run() == kRunBroke);
  CHECK(test.script().prepared == 0);
  test.options.output = test.folder / "out";
  test.options.data = "missing";
  CHECK(test.Run() == kRunBroke);
  CHECK(test.err.str() == "normsweep: missing/train.gz: not found\n");
}

TEST_CASE("a failed check is exit status 1, and extra cases have columns of their own") {
  class Checks : public FakeExperiment {
    std::vector<CaseResult> Run(const Json& resolved) override {
      return {{resolved.contains("kind") ? "FAILED" : "PASSED", "", {{"worst", 0.5}}, {}}};
    }
    std::vector<Json> ExtraCases(const Json& config) const override {
      return {{{"experiment", "check"}, {"shapes", config["shapes"]}, {"kind", "mutant"}}};
    }
  };
  const ExperimentKind checks[] = {
      {"check", "", [] { return std::unique_ptr<Experiment>(new Checks); }, CaseThreads::kShared,
       [](const Config&, const std::vector<ResultRow>&, const TableStyle&, std::ostream*) {}}};
  RunTest test;
  test.options.configs = {test.folder.Write("c.json", R"({"name": "c", "experiment": "check",
      "shapes": [[2, 3]], "sweep": {"layout": ["channels_first"]}})")};
  CHECK(RunCommand(test.options, checks, nullptr, test.console) == kCheckFailed);
  const std::string csv = test.folder.Read("out/c/results.csv");
  CHECK(csv.rfind("layout,kind,worst,status,reason,repro\nchannels_first,,0.5,PASSED,,", 0) == 0);
  CHECK(csv.find("\n,mutant,0.5,FAILED,,") != std::string::npos);
}

TEST_CASE("a case of several rows has them all, its files and its machine to itself") {
  static std::atomic<int> beside = 0, most = 0;
  class Times : public FakeExperiment {
    void Prepare(const std::vector<Json>&, const RunSettings& settings) override {
      CHECK(settings.jobs == 1);
      CHECK(settings.threads == 3);
    }
    std::vector<CaseResult> Run(const Json& resolved) override {
      most = std::max<int>(most, ++beside);
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      --beside;
      CaseResult a, b;
      a.columns = {{"layout", resolved["layout"]}, {"contestant", "a"}};
      a.timings = {{"ns", 1.5}};
      a.samples = {{"ns", {1.0, 2.0}}};
      b.columns = {{"contestant", "b"}};
      b.status = "SKIPPED";
      return {a, b};
    }
    bool HasProduct(const Json&) const override { return false; }
    std::vector<Json> ExtraCases(const Json&) const override {
      return {{{"experiment", "check"}, {"layout", "channels_last"}},
              {{"experiment", "check"}, {"layout", "channels_first"}}};
    }
    std::vector<ResultFile> Files(const std::vector<const CaseResult*>& rows) const override {
      return {{"more.txt", std::to_string(rows.size())}};
    }
  };
  const ExperimentKind times[] = {
      {"check", "", [] { return std::unique_ptr<Experiment>(new Times); }, CaseThreads::kAlone,
       [](const Config&, const std::vector<ResultRow>&, const TableStyle&, std::ostream*) {}}};
  RunTest test;
  test.options.jobs = 4;
  test.options.threads = 3;
  test.options.configs = {
      test.folder.Write("c.json", R"({"name": "c", "experiment": "check", "shapes": [[2, 3]]})")};
  CHECK(RunCommand(test.options, times, nullptr, test.console) == kAllGood);
  CHECK(most == 1);
  const Json json = Json::parse(test.folder.Read("out/c/results.json"));
  REQUIRE(json["rows"].size() == 4);
  CHECK(json["rows"][0]["case"] == Json({{"contestant", "a"}, {"layout", "channels_last"}}));
  CHECK(json["rows"][1]["case"]["layout"] == "channels_last");
  CHECK(json["rows"][0]["samples"]["ns"] == Json({1.0, 2.0}));
  CHECK_FALSE(json["rows"][1].contains("samples"));
  CHECK(json["rows"][3]["case"]["contestant"] == "b");
  CHECK(test.folder.Read("out/c/results.csv").rfind("layout,contestant,status,", 0) == 0);
  CHECK(test.folder.Read("out/c/timings.csv").rfind("layout,contestant,ns\n", 0) == 0);
  CHECK(test.folder.Read("out/c/more.txt") == "4");
  CHECK(test.out.str().find("c: 2 cases in ") != std::string::npos);
}

TEST_CASE("validate checks each config and goes on after a bad one") {
  RunTest test;
  const std::string good = test.options.configs[0];
  const std::string bad = test.folder.Write("bad.json", "[");
  CHECK(ValidateCommand({bad, good}, {}, kFakes, test.console) == kBadUsage);
  CHECK(test.out.str() == good + ": train, 12 cases\n");
  CHECK(test.err.str().find("bad.json: not JSON: line 1, column 2") != std::string::npos);
  CHECK(ValidateCommand({good}, {}, kFakes, test.console) == kAllGood);
  CHECK(ValidateCommand({good}, {}, {}, test.console) == kBadUsage);
}

TEST_CASE("a diverged case counts at its chance error, and what is not finite is null") {
  RunTest test;
  test.options.settings = {"batch_size=1"};
  REQUIRE(test.Run() == kAllGood);
  const Json json = Json::parse(test.folder.Read("out/fake/results.json"));
  CHECK(json["rows"][0]["status"] == "diverged");
  CHECK(json["rows"][0]["metrics"]["train_loss"].is_null());
  CHECK(json["rows"][0]["metrics"]["train_loss_reason"] == "not a number");
  CHECK(json["summary"][0]["n_diverged"] == 3);
  CHECK(json["summary"][0]["metrics"]["test_error"]["mean"] == 90.0);
  CHECK(json["summary"][0]["metrics"]["train_loss"]["mean"].is_null());
  CHECK(test.out.str().find("90.0 +-0.0 !3") != std::string::npos);
}

TEST_CASE("claims are judged when all cases have run, and only then") {
  RunTest test;
  const auto config = [&](const char* expect) {
    Json json = Json::parse(kConfig);
    json["sweep"]["seed"] = {1, 2, 3, 4, 5};  // whose differences have no spread: p is 2^-5
    json["claims"] = {{{"name", "more is worse"},
                       {"metric", "test_error"},
                       {"expect", expect},
                       {"case", {{"normalizer.name", "none"}, {"batch_size", 4}}},
                       {"against", {{"normalizer.name", "none"}, {"batch_size", 2}}}}};
    return test.folder.Write(std::string(expect) + ".json", json.dump());
  };
  test.options.require_claims = true;
  test.options.configs = {config("greater")};
  CHECK(test.Run() == kAllGood);
  CHECK(test.out.str().find("supported: more is worse\n  test_error greater: 20 [20, 20]") !=
        std::string::npos);
  CHECK(test.folder.Read("out/fake/claims.csv").find("supported,20") != std::string::npos);
  CHECK(Json::parse(test.folder.Read("out/fake/results.json"))["claims"][0]["verdict"] ==
        "supported");
  test.options.configs = {config("less")};
  CHECK(test.Run() == kCheckFailed);
  CHECK(test.out.str().find("refuted: more is worse") != std::string::npos);
  test.options.require_claims = false;
  CHECK(test.Run() == kAllGood);
  test.options.selection.filter = "seed=1";
  test.options.output = test.folder / "part";
  CHECK(test.Run() == kAllGood);
  CHECK(test.out.str().find("Claims") == std::string::npos);
  CHECK_FALSE(test.folder.Has("part/fake/claims.csv"));
  test.options.output = test.folder / "out";  // where verdicts on all cases lie
  CHECK(test.Run() == kBadUsage);
  CHECK(test.folder.Has("out/fake/claims.csv"));
  test.folder.Write("out/fake/report.html", "of the run before");
  test.options.fresh = true;
  CHECK(test.Run() == kAllGood);
  test.options.fresh = false;
  CHECK_FALSE(test.folder.Has("out/fake/claims.csv"));
  CHECK_FALSE(test.folder.Has("out/fake/report.html"));
  test.options.require_claims = true;
  CHECK(test.Run() == kBadUsage);
  CHECK(test.err.str().find("--require-claims with --filter, --case or --shard") !=
        std::string::npos);
}

}  // namespace
}  // namespace normsweep
