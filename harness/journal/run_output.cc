#include "harness/journal/run_output.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "harness/journal/record.h"
#include "harness/journal/run_header.h"
#include "harness/report/files.h"

namespace normsweep {
namespace {

namespace fs = std::filesystem;
using OrderedJson = nlohmann::ordered_json;

constexpr const char* kFreshWouldHelp =
    "expected another --output, or --fresh, which keeps the old journal as a backup";

[[noreturn]] void Refuse(const std::string& path, const Difference& difference) {
  throw RefusedError(path + " is of another run: " + difference.pointer + " was " +
                     difference.first + " there and is " + difference.second + " now; " +
                     kFreshWouldHelp);
}

// Appears under the journal's name all at once.
void WriteWhole(const std::string& path, const std::string& text) {
  FileSet files;
  files.Add(path, text);
  files.Commit();
}

}  // namespace

RunOutput::RunOutput(const std::string& folder, const OrderedJson& header, bool fresh)
    : folder_(folder) {
  CreateFolder(folder);
  lock_ = std::make_unique<FolderLock>(folder);
  if (fresh && fs::exists(Path())) KeepAsBackup();
  if (fs::exists(Path())) {
    try {
      journal_ = LoadJournal(Path());
    } catch (const JournalError& error) {
      throw RefusedError(std::string(error.what()) + "; " + kFreshWouldHelp);
    }
    if (const auto difference = CompareHeaders(journal_.header, header)) {
      Refuse(Path(), *difference);
    }
    if (journal_.torn) remarks_.push_back("the last line of " + Path() + " was torn: dropped");
  } else {
    const std::string line = HeaderLine(header);
    WriteWhole(Path(), line + "\n");
    journal_.whole_bytes = static_cast<int64_t>(line.size()) + 1;
  }
  journal_.header = header;  // its claims are today's
  writer_ = std::make_unique<JournalWriter>(Path(), journal_.whole_bytes);
}

void RunOutput::KeepAsBackup() {
  int number = 1;
  const auto name = [&] { return folder_ + "/journal." + std::to_string(number) + ".jsonl"; };
  while (fs::exists(fs::symlink_status(name()))) ++number;
  std::error_code error;
  fs::rename(Path(), name(), error);
  if (error) throw Error("cannot rename " + Path() + ": " + error.message());
  remarks_.push_back("the journal that was there is now " + name());
}

void RunOutput::BeginSession(const OrderedJson& session) {
  for (const OrderedJson& before : journal_.sessions) {
    const OrderedJson none = OrderedJson::object();
    const OrderedJson& data = before.contains("data") ? before["data"] : none;
    // A session loads what its own cases need, so only what both have can differ.
    for (const auto& [name, checksum] : session["data"].items()) {
      if (data.contains(name) && data[name] != checksum) {
        Refuse(Path(), {"the data set " + name, data[name].dump(), checksum.dump()});
      }
    }
  }
  writer_->Append(SessionLine(session));
  journal_.sessions.push_back(session);
}

std::vector<CaseResult> RunOutput::Add(const std::string& hash, JournalCase one) {
  one.session = static_cast<int64_t>(journal_.sessions.size()) - 1;
  const std::string line = CaseLine(hash, one);
  writer_->Append(line);
  const auto written = OpenLine(line);
  if (!written) throw Error("the case " + hash + " gave rows that no journal can hold");
  one.rows = RowsFromJson((*written)["rows"]);
  return (journal_.cases[hash] = std::move(one)).rows;
}

void WriteJournal(const std::string& folder, const Journal& journal, bool fresh) {
  const RunOutput output(folder, journal.header, fresh);
  std::string text = HeaderLine(journal.header) + "\n";
  for (size_t i = 0; i < journal.sessions.size(); ++i) {
    text += SessionLine(journal.sessions[i]) + "\n";
    for (const auto& [hash, one] : journal.cases) {
      if (one.session == static_cast<int64_t>(i)) text += CaseLine(hash, one) + "\n";
    }
  }
  WriteWhole(folder + "/" + kJournalFile, text);
}

}  // namespace normsweep
