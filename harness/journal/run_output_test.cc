#include "harness/journal/run_output.h"

#include <filesystem>
#include <fstream>

#include "harness/journal/run_header.h"
#include "harness/testing/folder.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Catch::Matchers::ContainsSubstring;
using OrderedJson = nlohmann::ordered_json;

OrderedJson Header() {
  return {{"name", "x"},
          {"build", {{"commit", "abc"}, {"compiler", "GCC"}}},
          {"machine", {{"onednn", "2.6.3"}}},
          {"config", {{"name", "x"}, {"sweep", {{"seed", {1, 2}}}}, {"claims", {1}}}},
          {"selection", {{"filter", ""}}}};
}

OrderedJson Session(const char* checksum) { return {{"data", {{"mnist", checksum}}}}; }

JournalCase Done() {
  JournalCase one;
  one.rows.resize(1);
  one.rows[0].metrics["test_error"] = 0.1;
  return one;
}

TEST_CASE("a run goes on where its journal ends, and a torn line is dropped and said") {
  const TestFolder folder;
  const std::string out = folder.path();
  {
    RunOutput output(out, Header(), false);
    CHECK(output.journal().cases.empty());
    output.BeginSession(Session("1"));
    CHECK(output.Add("a", Done())[0].metrics["test_error"] == 0.1);
  }
  std::ofstream(out + "/journal.jsonl", std::ios::app) << "{\"case\": \"b";
  {
    RunOutput output(out, Header(), false);
    REQUIRE(output.remarks().size() == 1);
    CHECK(output.remarks()[0] == "the last line of " + out + "/journal.jsonl was torn: dropped");
    CHECK(output.journal().cases.size() == 1);
    output.BeginSession(Session("1"));
    output.Add("b", Done());
  }
  const RunOutput output(out, Header(), false);
  CHECK(output.remarks().empty());
  CHECK(output.journal().cases.size() == 2);
  CHECK(output.journal().cases.at("b").session == 1);
}

TEST_CASE("a journal of another run is refused with what differs, and kept by --fresh") {
  const TestFolder folder;
  const std::string out = folder.path();
  { RunOutput(out, Header(), false).BeginSession(Session("1")); }
  OrderedJson other = Header();
  other["config"]["claims"] = {2};
  CHECK_NOTHROW(RunOutput(out, other, false));
  other["config"]["sweep"]["seed"] = {1, 2, 3};
  CHECK_THROWS_AS(RunOutput(out, other, false), RefusedError);
  CHECK_THROWS_WITH(
      RunOutput(out, other, false),
      ContainsSubstring("/config/sweep/seed was [1,2] there and is [1,2,3] now; expected"));
  other = Header();
  other["build"]["commit"] = "def";
  CHECK_THROWS_WITH(RunOutput(out, other, false),
                    ContainsSubstring("/build/commit was \"abc\" there"));
  const std::string before = folder.Read("journal.jsonl");
  {
    const RunOutput output(out, other, true);
    CHECK(output.remarks()[0] == "the journal that was there is now " + out + "/journal.1.jsonl");
    CHECK(output.journal().sessions.empty());
  }
  CHECK(folder.Read("journal.1.jsonl") == before);
  { const RunOutput again(out, other, true); }
  CHECK(folder.Has("journal.2.jsonl"));
}

TEST_CASE("other data than an earlier session's is refused") {
  const TestFolder folder;
  { RunOutput(folder.path(), Header(), false).BeginSession(Session("1")); }
  RunOutput output(folder.path(), Header(), false);
  CHECK_THROWS_WITH(output.BeginSession(Session("2")),
                    ContainsSubstring("the data set mnist was \"1\" there and is \"2\" now"));
  CHECK_NOTHROW(output.BeginSession({{"data", {{"cifar10", "3"}}}}));
}

TEST_CASE("two runs on one folder: the second is refused, with who has it") {
  const TestFolder folder;
  const RunOutput first(folder.path(), Header(), false);
  CHECK_THROWS_AS(RunOutput(folder.path(), Header(), false), RefusedError);
  CHECK_THROWS_WITH(
      RunOutput(folder.path(), Header(), true),
      ContainsSubstring(" is in use by process " + std::to_string(::getpid()) + " on "));
}

TEST_CASE("two runs on one folder: the second is refused where the lock was deleted, too") {
  const TestFolder folder;
  const RunOutput first(folder.path(), Header(), false);
  folder.Write(".case-0123456789abcdef/config.json", "x");
  for (const bool fresh : {false, true}) {
    std::filesystem::remove(folder / ".lock");
    CHECK_THROWS_AS(RunOutput(folder.path(), Header(), fresh), RefusedError);
  }
  CHECK(folder.Has(".case-0123456789abcdef"));
  CHECK_FALSE(folder.Has("journal.1.jsonl"));
}

TEST_CASE("a lock that is a link is refused, and what it leads to stays") {
  const TestFolder folder;
  folder.Write("precious", "text");
  std::filesystem::create_symlink(folder / "precious", folder / ".lock");
  CHECK_THROWS_WITH(RunOutput(folder.path(), Header(), false), ContainsSubstring("cannot lock "));
  CHECK(folder.Read("precious") == "text");
}

TEST_CASE("claims that have changed are those of the journal from then on") {
  const TestFolder folder;
  const std::string out = folder.path();
  {
    RunOutput output(out, Header(), false);
    output.BeginSession(Session("1"));
    output.Add("a", Done());
  }
  std::ofstream(out + "/journal.jsonl", std::ios::app) << "torn";
  OrderedJson header = Header();
  header["config"]["claims"] = {2};
  {
    RunOutput output(out, header, false);
    output.Add("b", Done());
  }
  const Journal journal = LoadJournal(out + "/journal.jsonl");
  CHECK(journal.header == header);
  CHECK(journal.cases.size() == 2);
  CHECK_FALSE(journal.torn);
}

TEST_CASE("what a killed run left half done goes, and nothing else") {
  const TestFolder folder;
  for (const char* file : {"results.csv.123.part", ".case-0123456789abcdef/config.json"}) {
    folder.Write(file, "x");
  }
  for (const char* file : {"notes.part", "results.csv", ".case-mine/x", "journal.1.jsonl"}) {
    folder.Write(file, "x");
  }
  const RunOutput output(folder.path(), Header(), false);
  CHECK(folder.Files() == 6);  // those, the journal and the lock
  CHECK_FALSE(folder.Has(".case-0123456789abcdef"));
  CHECK(folder.Has(".case-mine/x"));
}

TEST_CASE("a journal in place of another: that one is kept where it says something else") {
  const TestFolder folder;
  RunOutput output(folder.path(), Header(), false);
  Journal journal;
  journal.header = Header();
  journal.sessions = {Session("1")};
  journal.cases["a"] = Done();
  output.Replace(journal);
  output.Replace(journal);
  CHECK(output.remarks().empty());
  journal.cases["b"] = Done();
  output.Replace(journal);
  CHECK(output.remarks().size() == 1);
  CHECK(LoadJournal(folder / "journal.1.jsonl").cases.size() == 1);
  CHECK(LoadJournal(folder / "journal.jsonl").cases.size() == 2);
  output.Add("c", Done());  // it is open for more
  CHECK(LoadJournal(folder / "journal.jsonl").cases.size() == 3);
}

TEST_CASE("a damaged journal is refused, and something that is none") {
  const TestFolder folder;
  folder.Write("journal.jsonl", "{}\n{}\n");
  CHECK_THROWS_AS(RunOutput(folder.path(), Header(), false), RefusedError);
  CHECK_THROWS_WITH(
      RunOutput(folder.path(), Header(), false),
      ContainsSubstring("journal.jsonl: line 1: damaged") && ContainsSubstring("--fresh"));
  CHECK_NOTHROW(RunOutput(folder.path(), Header(), true));
}

TEST_CASE("the first difference is named by its place") {
  const OrderedJson a = {{"x", 1}, {"y", {{"k/l", 2}}}}, b = {{"y", {{"k/l", 2}}}, {"x", 1}};
  CHECK_FALSE(FindDifference(a, b));
  OrderedJson c = a;
  c["y"]["k/l"] = "2";
  CHECK(FindDifference(a, c)->pointer == "/y/k~1l");
  c = a;
  c["z"] = true;
  CHECK(FindDifference(a, c)->pointer == "/z");
  CHECK(FindDifference(a, c)->first == "nothing");
  CHECK(FindDifference(a, 3)->pointer.empty());
}

}  // namespace
}  // namespace normsweep
