#include "harness/cli/report.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

namespace normsweep {
namespace {

constexpr const char* kPackages = "install the packages python3 and python3-matplotlib";

class FileDescriptor {
 public:
  explicit FileDescriptor(int number) : number_(number) {}
  ~FileDescriptor() { Close(); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int number() const { return number_; }
  void Close() {
    if (number_ >= 0) ::close(number_);
    number_ = -1;
  }

 private:
  int number_;
};

// Starts it with its standard error going to `complaints` and nothing else of ours, in a process
// group of its own: Ctrl-C reaches it from us, and once. Returns its process id, or -errno.
pid_t Start(const std::vector<std::string>& command, int complaints) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& one : command) arguments.push_back(const_cast<char*>(one.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t process = 0;
  const int error =
      ::posix_spawnp(&process, arguments[0], &actions, &attributes, arguments.data(), environ);
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  return error == 0 ? process : -error;
}

// What it writes until it ends, the last of it where that is much.
std::string ReadAll(int from, pid_t process, const std::atomic<int>* interrupted) {
  constexpr size_t kMost = 16384;
  std::string text;
  std::array<char, 4096> buffer{};
  bool told = false;
  for (;;) {
    if (!told && interrupted != nullptr && *interrupted != 0) {
      ::kill(process, SIGINT);
      told = true;
    }
    pollfd waiting{from, POLLIN, 0};
    // A signal cannot notify, so it is looked for ten times a second.
    if (::poll(&waiting, 1, 100) <= 0) continue;
    const ssize_t count = ::read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return text;
    text.append(buffer.data(), static_cast<size_t>(count));
    if (text.size() > 2 * kMost) text.erase(0, text.size() - kMost);
  }
}

int StatusOf(pid_t process) {
  int status = 0;
  while (::waitpid(process, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return status;
}

// Of a Python traceback the line that says what went wrong.
std::string LastLine(std::string text) {
  text.erase(text.find_last_not_of(" \n") + 1);
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

std::string FindPlotScript(const std::filesystem::path& binary) {
  const std::filesystem::path folder = binary.parent_path();
  for (const char* place : {"../../scripts/plot.py", "../share/normsweep/plot.py"}) {
    const std::filesystem::path script = (folder / place).lexically_normal();
    std::error_code error;
    if (std::filesystem::is_regular_file(script, error)) return script.string();
  }
  return "";
}

ReportTools ToolsOfThisBinary() {
  std::error_code error;
  ReportTools tools;
  tools.script = FindPlotScript(std::filesystem::read_symlink("/proc/self/exe", error));
  return tools;
}

std::string MakeReport(const ReportTools& tools, const std::string& folder,
                       const std::atomic<int>* interrupted) {
  const std::string none = "no report: ";
  if (tools.script.empty()) {
    return none +
           "plot.py is neither in ../../scripts nor in ../share/normsweep of the program; "
           "call it with " +
           folder;
  }
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return none + std::strerror(errno);
  FileDescriptor from(ends[0]), to(ends[1]);
  // An absolute path is no option, whatever the folder is called.
  const std::string path = std::filesystem::absolute(folder).string();
  const pid_t process = Start({tools.python, "-B", tools.script, path}, to.number());
  to.Close();
  if (process < 0) {
    return none + tools.python + ": " + std::strerror(static_cast<int>(-process)) + "; " +
           kPackages;
  }
  const std::string complaints = ReadAll(from.number(), process, interrupted);
  const int status = StatusOf(process);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    return "report in " + folder + "/report.html";
  }
  if (interrupted != nullptr && *interrupted != 0) return none + "interrupted";
  const std::string reason = LastLine(complaints);
  return none + (reason.empty() ? tools.script + " failed" : reason);
}

}  // namespace normsweep
