// The folder of one run's results while it runs: locked, with the journal of what is done.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/journal/folder_lock.h"
#include "harness/journal/journal.h"

namespace normsweep {

class RunOutput {
 public:
  // Locks the folder, which is there, takes away what a killed run left half written, and reads its
  // journal or begins one. `header` is RunHeader's; where it differs from the journal's in the
  // claims, the journal's becomes this one. With `fresh` a journal that is there becomes
  // journal.1.jsonl (or the next number that is free).
  // Throws RefusedError where another process has the folder, or the journal is damaged or of
  // another run; Error where nothing can be written.
  RunOutput(const std::string& folder, const nlohmann::ordered_json& header, bool fresh);

  const std::string& folder() const { return folder_; }
  const Journal& journal() const { return journal_; }
  // What the user should know of how it was opened, a line each.
  const std::vector<std::string>& remarks() const { return remarks_; }

  // Before the first case of this process. Throws RefusedError where an earlier session had other
  // data.
  void BeginSession(const nlohmann::ordered_json& session);
  // A case that has finished. On the disk when it returns; throws Error. Returns its rows as the
  // journal has them, so that a run that went on from one and a run that did not report the same.
  std::vector<CaseResult> Add(const std::string& hash, JournalCase one);
  // This journal, of the same header, in place of the folder's, which is kept as with `fresh` where
  // it has cases and is not the same. Throws Error.
  void Replace(Journal journal);

 private:
  std::string Path() const { return folder_ + "/" + kJournalFile; }
  void OpenJournal(const nlohmann::ordered_json& header);
  // All at once under the journal's name, and open for more.
  void Rewrite(const std::string& text);
  void KeepAsBackup();

  std::string folder_;
  std::unique_ptr<FolderLock> lock_;
  Journal journal_;
  std::unique_ptr<JournalWriter> writer_;
  std::vector<std::string> remarks_;
};

}  // namespace normsweep
