#include "harness/journal/run_output.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
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

// Of a run that was killed: files that were not whole yet, folders of isolated cases.
void RemoveLeftovers(const std::string& folder) {
  static const std::regex leftover(R"(.*\.\d+\.part|\.case-[0-9a-f]+)");
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (std::regex_match(entry.path().filename().string(), leftover)) found.push_back(entry.path());
  }
  std::error_code ignored;
  for (const fs::path& path : found) fs::remove_all(path, ignored);
}

std::string TextOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

RunOutput::RunOutput(const std::string& folder, const OrderedJson& header, bool fresh)
    : folder_(folder) {
  lock_ = std::make_unique<FolderLock>(folder);
  // Before anything is touched that a run still writes whose .lock was deleted.
  if (fs::is_regular_file(Path())) writer_ = std::make_unique<JournalWriter>(Path());
  RemoveLeftovers(folder);
  if (fresh && fs::exists(Path())) KeepAsBackup();
  if (fs::exists(Path())) {
    OpenJournal(header);
  } else {
    journal_.header = header;
    Rewrite(HeaderLine(header) + "\n");
  }
}

void RunOutput::OpenJournal(const OrderedJson& header) {
  try {
    journal_ = LoadJournal(Path());
  } catch (const JournalError& error) {
    throw RefusedError(std::string(error.what()) + "; " + kFreshWouldHelp);
  }
  if (const auto difference = CompareHeaders(journal_.header, header)) Refuse(Path(), *difference);
  if (journal_.torn) remarks_.push_back("the last line of " + Path() + " was torn: dropped");
  writer_->CutTo(journal_.whole_bytes);
  if (journal_.header == header) return;
  journal_.header = header;
  const std::string text = TextOf(Path());
  Rewrite(HeaderLine(header) + text.substr(text.find('\n')));
}

void RunOutput::Rewrite(const std::string& text) {
  FileSet files;
  files.Add(Path(), text);
  files.Commit();
  journal_.whole_bytes = static_cast<int64_t>(text.size());
  writer_ = std::make_unique<JournalWriter>(Path());
  writer_->CutTo(journal_.whole_bytes);
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

void RunOutput::Replace(Journal journal) {
  const std::string text = JournalText(journal);
  if (TextOf(Path()) == text) return;
  if (!journal_.cases.empty()) KeepAsBackup();
  journal_ = std::move(journal);
  Rewrite(text);
}

}  // namespace normsweep
