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
// Throws JournalError, naming the file.
Journal LoadJournal(const std::string& path);

// The lines, without their ends.
std::string HeaderLine(const nlohmann::ordered_json& header);  // adds "journal": kJournalVersion
std::string SessionLine(const nlohmann::ordered_json& session);
std::string CaseLine(const std::string& hash, const JournalCase& one);

// A journal open for writing at its end.
class JournalWriter {
 public:
  // Cuts the file down to `whole_bytes` first. Throws Error, naming the file.
  JournalWriter(std::string path, int64_t whole_bytes);
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  // Returns when the line is on the disk. Throws Error, naming the file and the reason (no room; it
  // has vanished); the file then ends with the line before.
  void Append(const std::string& line);

 private:
  void Fail(const std::string& reason);

  std::string path_;
  int file_ = -1;
  int64_t bytes_;
};

}  // namespace normsweep
