#include "harness/journal/journal.h"

#include <sys/stat.h>

#include <filesystem>
#include <sstream>

#include "harness/journal/record.h"
#include "harness/testing/folder.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Catch::Matchers::ContainsSubstring;
using OrderedJson = nlohmann::ordered_json;

const OrderedJson kHeader = {{"name", "x"},
                             {"build", {{"commit", "abc"}}},
                             {"machine", OrderedJson::object()},
                             {"config", {{"name", "x"}}},
                             {"selection", {{"filter", ""}}}};

JournalCase Done(const char* status, double error) {
  CaseResult row;
  row.status = status;
  row.metrics["test_error"] = error;
  return {{row}, 1.5, 0};
}

std::string Lines(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

Journal Read(const std::string& text) {
  std::istringstream in(text);
  return ReadJournal(in);
}

const std::vector<std::string> kLines = {HeaderLine(kHeader), SessionLine({{"repro", "r"}}),
                                         CaseLine("a", Done("ok", 1)),
                                         CaseLine("b", Done("diverged", 90))};

TEST_CASE("a journal has its cases with their sessions") {
  std::vector<std::string> lines = kLines;
  lines.push_back(SessionLine({{"repro", "s"}}));
  lines.push_back(CaseLine("c", Done("ok", 3)));
  const std::string text = Lines(lines);
  const Journal journal = Read(text);
  CHECK(journal.header == kHeader);
  CHECK(journal.sessions.size() == 2);
  REQUIRE(journal.cases.size() == 3);
  CHECK(journal.cases.at("a").session == 0);
  CHECK(journal.cases.at("c").session == 1);
  CHECK(journal.cases.at("b").rows[0].status == "diverged");
  CHECK(journal.cases.at("b").seconds == 1.5);
  CHECK(journal.whole_bytes == static_cast<int64_t>(text.size()));
  CHECK_FALSE(journal.torn);
}

TEST_CASE("a journal cut anywhere behind its header loses the last line only") {
  const std::string text = Lines(kLines);
  const size_t header = kLines[0].size() + 1;
  for (size_t cut = 0; cut < text.size(); ++cut) {
    if (cut < header) {
      CHECK_THROWS_AS(Read(text.substr(0, cut)), JournalError);
      continue;
    }
    const Journal journal = Read(text.substr(0, cut));
    size_t whole = 0, bytes = 0;
    while (whole < kLines.size() && bytes + kLines[whole].size() + 1 <= cut) {
      bytes += kLines[whole++].size() + 1;
    }
    CHECK(journal.whole_bytes == static_cast<int64_t>(bytes));
    CHECK(journal.torn == (bytes < cut));
    CHECK(journal.cases.size() == (whole > 2 ? whole - 2 : 0));
  }
  // Blocks that never reached the disk read as zeros.
  CHECK(Read(text + std::string(512, '\0')).torn);
  CHECK(Read(text + std::string(512, '\0') + "\n").torn);
}

TEST_CASE("damage before the last line is named by its line") {
  std::vector<std::string> lines = kLines;
  lines[2][10] ^= 1;
  CHECK_THROWS_WITH(Read(Lines(lines)), ContainsSubstring("line 3: damaged"));
  CHECK_THROWS_WITH(Read(""), ContainsSubstring("is empty"));
  CHECK_THROWS_WITH(Read(Lines({kLines[1]})),
                    ContainsSubstring("line 1: is no journal's first line"));
  CHECK_THROWS_WITH(Read(Lines({kLines[0], kLines[2]})),
                    ContainsSubstring("line 2: is a case before any session"));
  CHECK_THROWS_WITH(Read(Lines({kLines[0], kLines[1], kLines[2], kLines[2]})),
                    ContainsSubstring("line 4: is the case a again"));
  CHECK_THROWS_WITH(Read(Lines({kLines[0], SealLine({{"other", 1}})})),
                    ContainsSubstring("line 2: is neither a session nor a case"));
  CHECK_THROWS_WITH(Read(Lines({SealLine({{"journal", 2}})})),
                    ContainsSubstring("line 1: version 2, expected 1"));
  CHECK_THROWS_WITH(Read(Lines({SealLine({{"journal", 1}})})),
                    ContainsSubstring("has no \"build\""));
}

TEST_CASE("a case that broke is taken back by a later line of it") {
  std::vector<std::string> lines = {kLines[0], kLines[1], CaseLine("a", Done("crashed", 0)),
                                    CaseLine("a", Done("ok", 2))};
  CHECK(Read(Lines(lines)).cases.at("a").rows[0].status == "ok");
  CHECK(IsBroken(Done("timed_out", 0).rows));
  CHECK(IsBroken(Done("out_of_memory", 0).rows));
  CHECK(IsBroken(Done("broke", 0).rows));
  CHECK_FALSE(IsBroken(Done("diverged", 0).rows));
  CHECK_FALSE(IsBroken({}));
}

TEST_CASE("a writer appends whole lines, after what it was told to keep") {
  const TestFolder folder;
  const std::string path = folder.Write("j", "whole\ntorn");
  JournalWriter writer(path);
  writer.CutTo(6);
  writer.Append("next");
  CHECK(folder.Read("j") == "whole\nnext\n");
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(writer.Append("lost"),
                    ContainsSubstring("cannot write " + path + ": it has vanished"));
  folder.Write("j", "");
  CHECK_THROWS_WITH(writer.Append("lost"), ContainsSubstring("another took its place"));
  CHECK_THROWS_WITH(JournalWriter(folder / "none"), ContainsSubstring("No such file"));
}

TEST_CASE("a full disk is an error with its reason") {
  // /dev/full takes no byte; it cannot be cut to a size, either.
  JournalWriter writer("/dev/full");
  CHECK_THROWS_WITH(writer.Append("x"),
                    ContainsSubstring("cannot write /dev/full: No space left on device"));
  CHECK_THROWS_WITH(writer.CutTo(0), ContainsSubstring("cannot write /dev/full"));
}

TEST_CASE("a journal that is written has one writer, and is not complete") {
  const TestFolder folder;
  const std::string path = folder.Write("j", Lines(kLines));
  {
    const JournalWriter writer(path);
    CHECK_THROWS_WITH(JournalWriter(path), ContainsSubstring("is in use by another process"));
    CHECK_THROWS_AS(LoadJournalAtRest(path), RefusedError);
    CHECK(LoadJournal(path).cases.size() + 2 == kLines.size());
  }
  CHECK(LoadJournalAtRest(path).cases.size() + 2 == kLines.size());
}

TEST_CASE("what is no file is refused without waiting for it") {
  const TestFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  CHECK_THROWS_WITH(LoadJournalAtRest(folder / "pipe"), ContainsSubstring("expected a file"));
  CHECK_THROWS_WITH(LoadJournal(folder.path()), ContainsSubstring("expected a file"));
  CHECK_THROWS_WITH(LoadJournalAtRest(folder / "none"), ContainsSubstring("cannot be opened"));
}

}  // namespace
}  // namespace normsweep
