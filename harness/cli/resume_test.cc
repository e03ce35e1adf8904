// Runs that go on where an earlier one ended, are shared by several, or are refused.
#include <fstream>

#include "harness/cli/merge_command.h"
#include "harness/cli/run_command_testing.h"
#include "harness/journal/folder_lock.h"
#include "harness/journal/journal.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

// What an uninterrupted run of the test's config writes.
struct Whole {
  explicit Whole(RunTest* test) {
    const std::string output = test->options.output;
    test->options.output = test->folder / "whole";
    REQUIRE(test->Run() == kAllGood);
    test->options.output = output;
    test->script().runs.clear();
    results = test->folder.Read("whole/fake/results.csv");
    summary = test->folder.Read("whole/fake/summary.csv");
  }
  std::string results, summary;
};

TEST_CASE("after a broken run the same command runs what is left, and the files are the same",
          "[threads]") {
  RunTest test;
  test.options.jobs = 1;
  const Whole whole(&test);
  test.script().fail = true;
  REQUIRE(test.Run() == kRunBroke);
  REQUIRE(test.script().runs.size() == 4);  // three good ones and the one that threw
  test.script().fail = false;
  test.script().runs.clear();
  REQUIRE(test.Run() == kAllGood);
  CHECK(test.script().runs.size() == 9);
  CHECK(test.script().prepared == 9);
  CHECK(test.out.str().find("fake: 3 of 12 cases are in ") == 0);
  CHECK(test.folder.Read("out/fake/results.csv") == whole.results);
  CHECK(test.folder.Read("out/fake/summary.csv") == whole.summary);
  const Json json = Json::parse(test.folder.Read("out/fake/results.json"));
  CHECK(json["sessions"].size() == 2);
  CHECK(json["rows"][0]["session"] == 0);
  CHECK(json["rows"][11]["session"] == 1);
  test.script().runs.clear();
  test.script().prepared = -1;
  REQUIRE(test.Run() == kAllGood);  // nothing is left to do
  CHECK(test.script().runs.empty());
  CHECK(test.script().prepared == -1);
  CHECK(test.folder.Read("out/fake/results.csv") == whole.results);
}

TEST_CASE("a diverged case, whose loss is no number, is the same from a journal") {
  RunTest test;
  test.options.settings = {"batch_size=1"};
  const Whole whole(&test);
  test.options.output = test.folder / "whole";
  test.folder.Write("whole/fake/results.csv", "");
  REQUIRE(test.Run() == kAllGood);
  CHECK(test.script().runs.empty());
  CHECK(test.folder.Read("whole/fake/results.csv") == whole.results);
}

TEST_CASE("an interrupted run keeps what was done and goes on", "[threads]") {
  RunTest test;
  test.options.jobs = 1;
  const Whole whole(&test);
  test.script().interrupt_at_once = true;
  CHECK(test.Run() == 130);
  test.script().interrupt_at_once = false;
  test.script().interrupt = 0;
  CHECK(test.Run() == kAllGood);
  CHECK(test.folder.Read("out/fake/results.csv") == whole.results);
}

TEST_CASE("a run on another run's folder is refused before any work; --fresh starts anew") {
  RunTest test;
  REQUIRE(test.Run() == kAllGood);
  test.script().runs.clear();
  test.options.settings = {"seed=7"};
  CHECK(test.Run() == kBadUsage);
  CHECK(test.err.str().find("journal.jsonl is of another run: /config/sweep/seed was [1,2,3] there "
                            "and is [7] now; expected another --output, or --fresh") !=
        std::string::npos);
  CHECK(test.script().runs.empty());
  test.options.fresh = true;
  CHECK(test.Run() == kAllGood);
  CHECK(test.script().runs.size() == 4);
  CHECK(test.folder.Has("out/fake/journal.1.jsonl"));
}

TEST_CASE("two runs on one folder: the second is refused") {
  RunTest test;
  std::filesystem::create_directories(test.folder / "out/fake");
  const FolderLock lock(test.folder / "out/fake");
  CHECK(test.Run() == kBadUsage);
  CHECK(test.err.str().find("out/fake is in use by process ") != std::string::npos);
  CHECK(test.script().runs.empty());
}

std::string vanishing_folder;
class Vanishing : public FakeExperiment {
  std::vector<CaseResult> Run(const Json& resolved) override {
    std::filesystem::remove_all(vanishing_folder);
    return FakeExperiment::Run(resolved);
  }
};

TEST_CASE("an output that vanishes under a run ends it") {
  const ExperimentKind kinds[] = {{"train", "",
                                   [] { return std::unique_ptr<Experiment>(new Vanishing); },
                                   CaseThreads::kOne, PrintErrorTables}};
  RunTest test;
  vanishing_folder = test.folder / "out";
  CHECK(RunCommand(test.options, kinds, nullptr, test.console) == kRunBroke);
  CHECK(test.err.str().find("journal.jsonl: it has vanished") != std::string::npos);
}

TEST_CASE("an estimate runs the first case of each kind and keeps it") {
  RunTest test;
  test.options.jobs = 1;
  test.options.dry_run = true;
  CHECK(test.Run() == kAllGood);
  CHECK(test.out.str().find("fake: time: unknown until a case has run; --estimate runs 4 and "
                            "keeps them\n") != std::string::npos);
  test.options.dry_run = false;
  test.options.estimate = true;
  CHECK(test.Run() == kAllGood);
  CHECK(test.script().runs.size() == 4);
  const std::string expected = " with 1 job for the 8 cases left, from 4 that ran before\n";
  CHECK(test.out.str().find(expected) != std::string::npos);
  CHECK_FALSE(test.folder.Has("out/fake/results.csv"));
  test.options.estimate = false;
  test.options.dry_run = true;
  CHECK(test.Run() == kAllGood);
  CHECK(test.out.str().find(expected) != std::string::npos);
  test.options.dry_run = false;
  CHECK(test.Run() == kAllGood);
  CHECK(test.script().runs.size() == 12);
}

TEST_CASE("a dry run does without a journal that it cannot read") {
  RunTest test;
  std::filesystem::create_directories(test.folder / "out/fake");
  std::filesystem::create_symlink("journal.jsonl", test.folder / "out/fake/journal.jsonl");
  test.options.dry_run = true;
  CHECK(test.Run() == kAllGood);
  CHECK(test.out.str().find("fake: time: unknown until a case has run") != std::string::npos);
}

class ShardTest : public RunTest {
 public:
  // Its folder.
  std::string RunShard(int64_t number, int64_t of) {
    options.selection.shard = {number, of};
    options.output = folder / ("shard" + std::to_string(number));
    CHECK(Run() == kAllGood);
    options.selection.shard = {};
    return options.output + "/fake";
  }
  int Merge(const std::vector<std::string>& folders) {
    err.str("");
    MergeOptions merge;
    merge.folders = folders;
    merge.output = folder / "merged";
    return MergeCommand(merge, kFakes, console);
  }
};

TEST_CASE("shards have every case once, and merge to the bytes of one run") {
  ShardTest test;
  const Whole whole(&test);
  std::vector<std::string> folders;
  for (int64_t number : {3, 1, 5, 2, 4}) folders.push_back(test.RunShard(number, 5));
  CHECK(test.script().runs.size() == 12);
  REQUIRE(test.Merge(folders) == kAllGood);
  for (const char* file : {"/fake/results.csv", "/fake/summary.csv"}) {
    CHECK(test.folder.Read(std::string("merged") + file) ==
          test.folder.Read(std::string("whole") + file));
  }
  CHECK(Json::parse(test.folder.Read("merged/fake/results.json"))["sessions"].size() == 5);
  REQUIRE(test.Merge(folders) == kAllGood);  // again, over itself
  test.script().runs.clear();
  test.options.output = test.folder / "merged";
  CHECK(test.Run() == kAllGood);  // a whole run finds all done
  CHECK(test.script().runs.empty());
}

TEST_CASE("more shards than cases: some are empty, and count") {
  ShardTest test;
  std::vector<std::string> folders;
  for (int64_t number = 1; number <= 14; ++number) folders.push_back(test.RunShard(number, 14));
  CHECK(test.script().runs.size() == 12);
  CHECK(test.Merge(folders) == kAllGood);
}

TEST_CASE("shards that are missing, there twice, foreign or not complete are named") {
  ShardTest test;
  const std::string one = test.RunShard(1, 3), two = test.RunShard(2, 3);
  CHECK(test.Merge({one, two}) == kBadUsage);
  CHECK(test.err.str() == "normsweep: missing: shard 3/3\n");
  const std::string three = test.RunShard(3, 3);
  CHECK(test.Merge({one, two, three, two}) == kBadUsage);
  CHECK(test.err.str() == "normsweep: shard 2/3 is there twice: " + two + " and " + two + "\n");
  std::filesystem::copy(test.folder / "shard2", test.folder / "copy",
                        std::filesystem::copy_options::recursive);
  CHECK(test.Merge({one, two, three, test.folder / "copy/fake"}) == kBadUsage);
  CHECK(test.err.str() ==
        "normsweep: shard 2/3 is there twice: " + two + " and " + test.folder / "copy/fake" + "\n");
  test.options.settings = {"training.epochs=3"};
  test.options.fresh = true;
  test.RunShard(2, 3);
  CHECK(test.Merge({one, two, three}) == kBadUsage);
  CHECK(test.err.str() == "normsweep: " + two + " is foreign: /config/training is {\"epochs\":3} " +
                              "there and nothing in " + one + "\n");
  test.options.settings = {};
  test.script().fail = true;  // the shard has cases at batch size 4
  test.options.selection.shard = {2, 3};
  test.options.output = test.folder / "shard2";
  REQUIRE(test.Run() == kRunBroke);
  CHECK(test.Merge({one, two, three}) == kBadUsage);
  CHECK(test.err.str().find(two + " is not complete: ") != std::string::npos);
  CHECK(test.Merge({test.folder / "none"}) == kBadUsage);
  CHECK(test.err.str().find("none/journal.jsonl: cannot be opened") != std::string::npos);
}

TEST_CASE("shards with other claims are not merged until each has the same") {
  ShardTest test;
  const std::string one = test.RunShard(1, 2), two = test.RunShard(2, 2);
  Json config = Json::parse(kConfig);
  config["claims"] = Json::array({{{"name", "larger batches err more"},
                                   {"metric", "test_error"},
                                   {"expect", "greater"},
                                   {"case", {{"normalizer.name", "none"}, {"batch_size", 4}}},
                                   {"against", {{"normalizer.name", "none"}, {"batch_size", 2}}}}});
  test.options.configs = {test.folder.Write("fake.json", config.dump())};
  test.script().runs.clear();
  test.RunShard(2, 2);
  CHECK(test.script().runs.empty());
  CHECK(test.Merge({one, two}) == kBadUsage);
  CHECK(test.err.str().find(two + " is foreign: /config/claims is ") != std::string::npos);
  CHECK(test.err.str().find("run each shard's command again") != std::string::npos);
  test.RunShard(1, 2);
  CHECK(test.script().runs.empty());
  CHECK(test.Merge({one, two}) == kAllGood);
}

TEST_CASE("a merge leaves its shards as they are, and refuses one that is still written") {
  ShardTest test;
  const std::string one = test.RunShard(1, 2), two = test.RunShard(2, 2);
  std::filesystem::remove(one + "/.lock");
  REQUIRE(test.Merge({one, two}) == kAllGood);
  CHECK_FALSE(std::filesystem::exists(one + "/.lock"));
  const JournalWriter writer(two + "/" + kJournalFile);
  CHECK(test.Merge({one, two}) == kBadUsage);
  CHECK(test.err.str() ==
        "normsweep: " + two + "/journal.jsonl is being written, expected the end of its run\n");
}

TEST_CASE("a merge of cases that broke says who runs them again") {
  class Breaking : public FakeExperiment {
    std::vector<CaseResult> Run(const Json&) override { return {{"crashed", "why", {}, {}}}; }
  };
  const ExperimentKind kinds[] = {{"train", "",
                                   [] { return std::unique_ptr<Experiment>(new Breaking); },
                                   CaseThreads::kOne, PrintErrorTables}};
  ShardTest test;
  test.options.selection.shard = {1, 1};
  CHECK(RunCommand(test.options, kinds, nullptr, test.console) == kRunBroke);
  CHECK(test.err.str().find("; the same command runs what did not end again") != std::string::npos);
  CHECK(test.Merge({test.options.output + "/fake"}) == kRunBroke);
  CHECK(test.err.str().find("; the shards' own commands run what did not end again") !=
        std::string::npos);
}

TEST_CASE("what is no shard is no shard") {
  ShardTest test;
  REQUIRE(test.Run() == kAllGood);
  CHECK(test.Merge({test.options.output + "/fake"}) == kBadUsage);
  CHECK(test.err.str().find("is no shard, expected the output of run --shard I/N") !=
        std::string::npos);
  test.options.selection.shard = {1, 2};
  test.options.output.clear();
  CHECK(test.Run() == kBadUsage);
  CHECK(test.err.str().find("--shard without --output") != std::string::npos);
  for (const char* text : {"", "3", "0/3", "4/3", "1/0", "-1/3", "1/3x", "x1/3", "1/ 3", "1//3",
                           "1/999999999999999999999"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(ParseShard(text), ConfigError);
  }
  CHECK(ParseShard("3/8").number == 3);
  CHECK(ParseShard("3/8").of == 8);
}

}  // namespace
}  // namespace normsweep
