// With scripts in the place of the program; scripts/resume-test has the program itself.
#include "harness/run/isolated_case.h"

#include <filesystem>

#include "harness/experiments/registry.h"
#include "harness/journal/journal.h"
#include "harness/journal/run_header.h"
#include "harness/testing/folder.h"
#include "norms/errors.h"
#include "norms/testing/catch.h"
#include "norms/testing/sanitized.h"

namespace normsweep {
namespace {

using Catch::Matchers::ContainsSubstring;
using OrderedJson = nlohmann::ordered_json;

class IsolatedTest {
 public:
  IsolatedTest() : plan_(MakePlan(ConfigFile(), {}, Experiments())) {
    isolation.folder = folder.path();
    isolation.program = folder / "program";
  }
  // A script whose process leaves a row of the status, from this machine with this data.
  std::string Leaves(const std::string& status, const OrderedJson& machine,
                     const OrderedJson& data) {
    Journal journal;
    journal.header = RunHeader(plan_, {}, 1);
    journal.header["machine"] = machine;
    journal.sessions = {{{"data", data}}};
    journal.cases[plan_.cases.front().hash].rows.resize(1);
    journal.cases[plan_.cases.front().hash].rows[0].status = status;
    return "cp '" + left.Write("journal", JournalText(journal)) + "' \"$6/c/journal.jsonl\"";
  }
  // What becomes of a case whose process runs this.
  CaseResult Run(const std::string& script) {
    const std::string file = folder.Write("program", "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    const auto rows = RunIsolated(plan_, plan_.cases.front(), isolation, stop);
    REQUIRE(rows.size() == 1);
    CHECK(folder.Files() == 2);  // the config and the program: nothing is left behind
    return rows.front();
  }

  TestFolder folder, left;
  Isolation isolation;
  std::atomic<bool> stop = false;

 private:
  std::string ConfigFile() {
    return folder.Write("c.json", R"({"name": "c", "experiment": "check", "shapes": [[2, 3]],
      "sweep": {"normalizer": [{"name": "layer"}], "backend": ["native"], "mode": ["train"],
                "layout": ["channels_first"], "input": ["gaussian"]}})");
  }
  Plan plan_;
};

TEST_CASE("whatever a process ends with is its case's row") {
  IsolatedTest test;
  CaseResult row = test.Run("kill -SEGV $$");
  CHECK(row.status == "crashed");
  CHECK(row.reason == "ended by signal 11 (Segmentation fault)");
  CHECK_THAT(test.Run("kill -KILL $$").reason, ContainsSubstring("memory runs out"));
  row = test.Run("echo first >&2; echo second >&2; exit 3");
  CHECK(row.status == "broke");
  CHECK(row.reason == "second");
  CHECK(test.Run("exit 9").reason == "ended with status 9");
  CHECK(test.Run("echo no such data >&2; exit 2").reason == "no such data");
  for (const char* script : {"exit 0", "exit 1", "echo x > \"$6/c/journal.jsonl\""}) {
    row = test.Run(script);
    CHECK(row.status == "broke");
    CHECK_THAT(row.reason, ContainsSubstring("left no rows: "));
  }
  CHECK(test.Run("exit 4").reason == "the system gave no more memory");
  test.isolation.memory_bytes = 1000;
  row = test.Run("exit 4");
  CHECK(row.status == "out_of_memory");
  CHECK(row.reason == "took more than the 1000 bytes of --case-memory");
}

TEST_CASE("a process's rows are its case's, if it had the run's machine and data") {
  IsolatedTest test;
  test.isolation.machine = {{"onednn", "2.6.3"}};
  test.isolation.checksums = {{"{\"name\":\"mnist\"}", "crc32:1"}};
  CHECK(test.Run(test.Leaves("PASSED", test.isolation.machine, {})).status == "PASSED");
  CHECK(
      test.Run(test.Leaves("FAILED", test.isolation.machine, test.isolation.checksums) + "; exit 1")
          .status == "FAILED");
  CHECK_THROWS_WITH(
      test.Run(test.Leaves("PASSED", {{"onednn", "3.7.2"}}, {})),
      "its process found /onednn to be \"3.7.2\", which was \"2.6.3\" when the run began");
  CHECK_THROWS_WITH(test.Run(test.Leaves("PASSED", test.isolation.machine,
                                         {{"{\"name\":\"mnist\"}", "crc32:2"}})),
                    ContainsSubstring("to be \"crc32:2\", which was \"crc32:1\""));
}

TEST_CASE("a process that was told to end is no row") {
  IsolatedTest test;
  CHECK_THROWS_WITH(test.Run("kill -TERM $$"), "its process was told to end (Terminated)");
  CHECK_THROWS_WITH(test.Run("exit 130"), "its process was told to end (Interrupt)");
}

TEST_CASE("a case that hangs is ended when its time is up, and one that nobody waits for") {
  IsolatedTest test;
  test.isolation.seconds = 0.1;
  CaseResult row = test.Run("sleep 60");
  CHECK(row.status == "timed_out");
  CHECK(row.reason == "took more than the 0.1 s of --case-seconds");
  test.isolation.seconds = 0;
  test.stop = true;
  CHECK_THROWS_WITH(test.Run("sleep 60"), "stopped");
}

TEST_CASE("a process that cannot be started, or has no place, is an error of the run") {
  IsolatedTest test;
  test.isolation.program = "/none/such";
  CHECK_THROWS_WITH(test.Run(""), ContainsSubstring("cannot run /none/such: No such file"));
  test.isolation.folder = test.folder / "vanished";
  CHECK_THROWS_WITH(test.Run(""), ContainsSubstring("cannot create the folder "));
  CHECK_FALSE(test.folder.Has("vanished"));
}

TEST_CASE("the least memory of a case is what the program takes and some") {
  CHECK(LeastCaseMemory() > (int64_t{64} << 20));
  if (!testing::kSanitized) CHECK(LeastCaseMemory() < (int64_t{1} << 32));  // they map terabytes
}

}  // namespace
}  // namespace normsweep
