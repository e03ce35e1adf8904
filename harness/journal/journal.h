// The journal of a run, <output>/<name>/journal.jsonl: every case that has finished, so that a run
// that was killed goes on where it was. One JSON object a line, each with a checksum:
//
//   {"journal": 1, "name": ..., "build": ..., "machine": ..., "config": ..., "selection": ...}
//   {"session": {"data": ..., "repro": ..., "environment": ...}}      one a process that ran cases
//   {"case": "0123456789abcdef", "seconds": 1.5, "rows": [...]}       one a finished case
//
// The first line is written whole or not at all; of the others only the last can be torn.
#pragma once

#include <cstdint>
#include <istream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/experiments/experiment.h"
#include "harness/journal/folder_lock.h"
#include "norms/errors.h"

namespace normsweep {

constexpr const char* kJournalFile = "journal.jsonl";
constexpr int kJournalVersion = 1;

// A journal that is damaged, or not one; the text says where.
class JournalError : public Error {
 public:
  using Error::Error;
};

struct JournalCase {
  std::vector<CaseResult> rows;
  double seconds = 0;   // that the case took
  int64_t session = 0;  // in which it ran, from 0
};

struct Journal {
  nlohmann::ordered_json header;
  std::vector<nlohmann::ordered_json> sessions;
  std::map<std::string, JournalCase> cases;  // by hash
  int64_t whole_bytes = 0;                   // up to the end of the last whole line
  bool torn = false;                         // there is a part of a line behind them
};

// Whether a case did not come to its end by itself (run/isolated_case.h); when it is run again, its
// new rows take the place of these.
bool IsBroken(const std::vector<CaseResult>& rows);

// Throws JournalError, its text beginning with the number of the line.
Journal ReadJournal(std::istream& in);
// Throws JournalError, naming the file; so it does for what is no file, such as a pipe.
Journal LoadJournal(const std::string& path);
// The same of a journal that is complete. Throws RefusedError while a run writes it.
Journal LoadJournalAtRest(const std::string& path);

// The lines, without their ends.
std::string HeaderLine(const nlohmann::ordered_json& header);  // adds "journal": kJournalVersion
std::string SessionLine(const nlohmann::ordered_json& session);
std::string CaseLine(const std::string& hash, const JournalCase& one);

// All of it, each session before its cases.
std::string JournalText(const Journal& journal);

// A journal open for writing at its end, and locked: FolderLock's file may be deleted by somebody
// who takes it for a leftover, and then two runs would write one journal.
class JournalWriter {
 public:
  // Throws RefusedError where another process writes it, Error where it cannot be written, naming
  // the file.
  explicit JournalWriter(std::string path);

  // Where lines are written from; what is behind it is dropped. Throws Error, naming the file.
  void CutTo(int64_t whole_bytes);
  // Returns when the line is on the disk. Throws Error, naming the file and the reason (no room; it
  // has vanished); the file then ends with the line before.
  void Append(const std::string& line);

 private:
  void Fail(const std::string& reason);

  std::string path_;
  FileLock lock_;
  int64_t bytes_ = 0;
};

}  // namespace normsweep
