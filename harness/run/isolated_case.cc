#include "harness/run/isolated_case.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "harness/journal/journal.h"
#include "harness/process/child.h"
#include "harness/report/files.h"
#include "harness/report/metrics.h"

namespace normsweep {
namespace {

namespace fs = std::filesystem;

// Gone when it ends; a killed run's is taken over.
class Scratch {
 public:
  explicit Scratch(const std::string& path) : path_(path) {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    CreateFolder(path_);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::vector<std::string> CommandOf(const SweepCase& one, const Isolation& isolation,
                                   const std::string& config, const std::string& output) {
  std::vector<std::string> command = {isolation.program,
                                      "run",
                                      config,
                                      "--case",
                                      one.hash,
                                      "--output",
                                      output,
                                      "--jobs",
                                      "1",
                                      "--threads",
                                      std::to_string(isolation.threads)};
  if (!isolation.data.empty()) command.insert(command.end(), {"--data", isolation.data});
  command.insert(command.end(), {"--isolated-from", std::to_string(::getpid())});
  if (isolation.memory_bytes > 0) {
    command.insert(command.end(), {"--case-memory", std::to_string(isolation.memory_bytes)});
  }
  return command;
}

CaseResult Broken(const char* status, const std::string& reason) {
  CaseResult row;
  row.status = status;
  row.reason = reason;
  return row;
}

std::string SignalReason(int signal) {
  std::string reason =
      "ended by signal " + std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  if (signal == SIGKILL) reason += ", as the system does where memory runs out";
  return reason;
}

// Of a process that has ended by itself, or of a signal that we did not send.
std::vector<CaseResult> RowsOf(const ChildEnd& end, const SweepCase& one,
                               const Isolation& isolation, const std::string& journal_path) {
  if (WIFSIGNALED(end.status)) return {Broken("crashed", SignalReason(WTERMSIG(end.status)))};
  const int status = WEXITSTATUS(end.status);
  const std::string complaint = LastLine(end.complaints);
  if (status == kOutOfMemory) {
    return {Broken("out_of_memory", isolation.memory_bytes > 0
                                        ? "took more than the " +
                                              std::to_string(isolation.memory_bytes) +
                                              " bytes of --case-memory"
                                        : "the system gave no more memory")};
  }
  if (status == 2) throw Error("the process of the case refused it: " + complaint);
  if (status <= 1) {
    const Journal journal = LoadJournal(journal_path);
    const auto found = journal.cases.find(one.hash);
    if (found != journal.cases.end()) return found->second.rows;
  }
  return {Broken("broke",
                 complaint.empty() ? "ended with status " + std::to_string(status) : complaint)};
}

}  // namespace

void EnterIsolation(int64_t parent, int64_t memory_bytes) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(1);  // it ended before the line above
  if (memory_bytes <= 0) return;
  // Private memory that can be written to: what a case allocates, not what it maps of libraries.
  const rlimit limit{static_cast<rlim_t>(memory_bytes), static_cast<rlim_t>(memory_bytes)};
  ::setrlimit(RLIMIT_DATA, &limit);
}

std::vector<CaseResult> RunIsolated(const Plan& plan, const SweepCase& one,
                                    const Isolation& isolation) {
  const Scratch scratch(isolation.folder + "/.case-" + one.hash);
  // The config as it was read: the file may be another by now, or have been a pipe.
  const std::string config = scratch / "config.json";
  FileSet files;
  files.Add(config, plan.config.document.dump() + "\n");
  files.Commit();
  const ChildEnd end = RunChild(CommandOf(one, isolation, config, scratch.path()),
                                {isolation.interrupted, isolation.seconds});
  if (!end.not_started.empty()) {
    throw Error("cannot start " + isolation.program + ": " + end.not_started);
  }
  if (isolation.interrupted != nullptr && *isolation.interrupted != 0) throw Error("interrupted");
  if (end.timed_out) {
    return {Broken("timed_out",
                   "took more than the " + NumberText(isolation.seconds) + " s of --case-seconds")};
  }
  return RowsOf(end, one, isolation, scratch / plan.config.name + "/" + kJournalFile);
}

}  // namespace normsweep
