#include "harness/run/isolated_case.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <fstream>
#include <new>

#include "harness/journal/journal.h"
#include "harness/journal/run_header.h"
#include "harness/process/child.h"
#include "harness/report/files.h"
#include "harness/report/metrics.h"

namespace normsweep {
namespace {

namespace fs = std::filesystem;

// Gone when it ends; a killed run's is taken over. Its parent is not made where it has vanished.
class Scratch {
 public:
  explicit Scratch(const std::string& path) : path_(path) {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
    Make(path_);
  }
  ~Scratch() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  // A folder of its own in it.
  void MakeFolder(const std::string& name) const { Make(*this / name); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  static void Make(const std::string& path) {
    std::error_code error;
    fs::create_directory(path, error);
    if (error) throw Error("cannot create the folder " + path + ": " + error.message());
  }

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

// Data sets and libraries may have been replaced since the run began.
void CheckSame(const Journal& journal, const Isolation& isolation) {
  auto difference = FindDifference(isolation.machine, journal.header["machine"]);
  const nlohmann::ordered_json none = nlohmann::ordered_json::object();
  const nlohmann::ordered_json data = journal.sessions.back().value("data", none);
  for (const auto& [name, checksum] : data.items()) {
    if (difference || !isolation.checksums.contains(name)) continue;
    difference = FindDifference({{name, isolation.checksums[name]}}, {{name, checksum}});
  }
  if (difference) {
    throw Error("its process found " + difference->pointer + " to be " + difference->second +
                ", which was " + difference->first + " when the run began");
  }
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
  if (status <= 1) {  // all good, or a failed check
    try {
      const Journal journal = LoadJournal(journal_path);
      const auto found = journal.cases.find(one.hash);
      if (found != journal.cases.end()) {
        CheckSame(journal, isolation);
        return found->second.rows;
      }
    } catch (const JournalError& error) {
      return {Broken("broke", std::string("left no rows: ") + error.what())};
    }
  }
  return {Broken("broke",
                 complaint.empty() ? "ended with status " + std::to_string(status) : complaint)};
}

}  // namespace

void EnterIsolation(int64_t parent, int64_t memory_bytes) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) std::_Exit(1);  // it ended before the line above
  // One ends here by itself that the program's own catch blocks do not see.
  std::set_terminate([] {
    try {
      if (const auto error = std::current_exception()) std::rethrow_exception(error);
    } catch (const std::bad_alloc&) {
      std::_Exit(kOutOfMemory);
    } catch (...) {
    }
    std::abort();
  });
  if (memory_bytes <= 0) return;
  // Private memory that can be written to: what a case allocates, not what it maps of libraries.
  const rlimit limit{static_cast<rlim_t>(memory_bytes), static_cast<rlim_t>(memory_bytes)};
  ::setrlimit(RLIMIT_DATA, &limit);
}

int64_t LeastCaseMemory() {
  constexpr int64_t kSmallest = int64_t{64} << 20;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {  // "VmData:\t   12345 kB"
    if (line.rfind("VmData:", 0) == 0) return std::stoll(line.substr(7)) * 1024 + kSmallest;
  }
  return kSmallest;
}

std::vector<CaseResult> RunIsolated(const Plan& plan, const SweepCase& one,
                                    const Isolation& isolation, const std::atomic<bool>& stop) {
  const Scratch scratch(isolation.folder + "/.case-" + one.hash);
  // The config as it was read: the file may be another by now, or have been a pipe.
  const std::string config = scratch / "config.json";
  FileSet files;
  files.Add(config, plan.config.document.dump() + "\n");
  files.Commit();
  scratch.MakeFolder(plan.config.name);
  const ChildEnd end = RunChild(CommandOf(one, isolation, config, scratch.path()),
                                {[&stop] { return stop.load(); }, isolation.seconds});
  if (!end.failure.empty()) throw Error("cannot run " + isolation.program + ": " + end.failure);
  if (stop) throw Error("stopped");
  // A signal to the whole process tree may not have reached us yet; it is no end of the case.
  for (const int signal : {SIGINT, SIGTERM}) {
    const bool ended = WIFSIGNALED(end.status) ? WTERMSIG(end.status) == signal
                                               : WEXITSTATUS(end.status) == 128 + signal;
    if (ended && !end.timed_out) {
      throw Error("its process was told to end (" + std::string(::strsignal(signal)) + ")");
    }
  }
  if (end.timed_out) {
    return {Broken("timed_out",
                   "took more than the " + NumberText(isolation.seconds) + " s of --case-seconds")};
  }
  return RowsOf(end, one, isolation, scratch / plan.config.name + "/" + kJournalFile);
}

}  // namespace normsweep
