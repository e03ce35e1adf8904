#include "harness/process/child.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <mutex>
#include <optional>

namespace normsweep {
namespace {

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

// While it lives SIGINT and SIGTERM do nothing: the second of them, which would end this process,
// would leave the child behind.
class DeafToInterrupts {
 public:
  DeafToInterrupts() {
    const std::lock_guard lock(mutex_);
    if (count_++ > 0) return;
    struct sigaction ignore = {};
    ignore.sa_handler = SIG_IGN;
    for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &ignore, &before_[i]);
  }
  ~DeafToInterrupts() {
    const std::lock_guard lock(mutex_);
    if (--count_ > 0) return;
    for (size_t i = 0; i < kSignals.size(); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  }
  DeafToInterrupts(const DeafToInterrupts&) = delete;
  DeafToInterrupts& operator=(const DeafToInterrupts&) = delete;

 private:
  static constexpr std::array<int, 2> kSignals = {SIGINT, SIGTERM};
  // Of the process, as signals are: several children may be ended side by side.
  static inline std::mutex mutex_;
  static inline int count_ = 0;
  static inline std::array<struct sigaction, 2> before_{};
};

// Ends the process group of a child once it is to stop, when it asks first, or its time is up.
class Ending {
 public:
  using Clock = std::chrono::steady_clock;

  Ending(pid_t process, const ChildLimits& limits) : process_(process), limits_(limits) {}

  void Continue() {
    const std::chrono::duration<double> seconds = Clock::now() - start_;
    if (limits_.seconds > 0 && seconds.count() >= limits_.seconds && !timed_out_) {
      timed_out_ = true;
      ::kill(-process_, SIGKILL);
    }
    if (!deaf_ && (!limits_.stop || !limits_.stop())) return;
    if (!deaf_) {
      deaf_.emplace();
      ::kill(-process_, SIGTERM);
      kill_at_ = Clock::now() + std::chrono::seconds(1);
    } else if (Clock::now() >= kill_at_) {
      ::kill(-process_, SIGKILL);
    }
  }

  // The child has ended, but its number is still its own: what it started ends too.
  void Finish() {
    if (deaf_) ::kill(-process_, SIGKILL);
  }
  bool timed_out() const { return timed_out_; }

 private:
  pid_t process_;
  const ChildLimits& limits_;
  bool timed_out_ = false;
  std::optional<DeafToInterrupts> deaf_;
  Clock::time_point start_ = Clock::now(), kill_at_;
};

// Whether it has ended; its status is still to be collected.
bool HasEnded(pid_t process) {
  siginfo_t info = {};
  const int error = ::waitid(P_PID, static_cast<id_t>(process), &info, WEXITED | WNOHANG | WNOWAIT);
  return error == 0 ? info.si_pid == process : errno != EINTR;
}

// Appends what can be read within the time, if any, and keeps the last of much. False at the end.
bool ReadSome(int from, int milliseconds, std::string* text) {
  constexpr size_t kMost = 16384;
  std::array<char, 4096> buffer{};
  pollfd waiting{from, POLLIN, 0};
  if (::poll(&waiting, 1, milliseconds) <= 0) return true;
  const ssize_t count = ::read(from, buffer.data(), buffer.size());
  if (count < 0 && errno == EINTR) return true;
  if (count <= 0) return false;
  text->append(buffer.data(), static_cast<size_t>(count));
  if (text->size() > 2 * kMost) text->erase(0, text->size() - kMost);
  return true;
}

void Collect(pid_t process, ChildEnd* end) {
  while (::waitpid(process, &end->status, 0) < 0) {
    if (errno == EINTR) continue;
    end->failure = std::string("its status is lost: ") + std::strerror(errno);
    return;
  }
}

// Waits for the child, not for the end of what it writes: others may have inherited that.
ChildEnd Attend(FileDescriptor* from, pid_t process, const ChildLimits& limits) {
  Ending ending(process, limits);
  ChildEnd end;
  while (!HasEnded(process)) {
    ending.Continue();
    // Neither a signal nor an end can notify, so both are looked for again and again.
    if (!ReadSome(from->number(), 20, &end.complaints)) from->Close();
  }
  ending.Finish();
  // The rest of what it wrote is in the pipe, which holds 64 KiB; others may still be writing.
  for (int i = 0; i < 16 && from->number() >= 0; ++i) {
    if (!ReadSome(from->number(), 0, &end.complaints)) from->Close();
  }
  Collect(process, &end);
  end.timed_out = ending.timed_out();
  return end;
}

}  // namespace

ChildEnd RunChild(const std::vector<std::string>& command, const ChildLimits& limits) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return {std::strerror(errno), 0, false, ""};
  FileDescriptor from(ends[0]), to(ends[1]);
  const pid_t process = Start(command, to.number());
  to.Close();
  if (process < 0) return {std::strerror(static_cast<int>(-process)), 0, false, ""};
  return Attend(&from, process, limits);
}

std::string LastLine(std::string text) {
  text.erase(text.find_last_not_of(" \r\n") + 1);
  text = text.substr(text.rfind('\n') + 1);
  std::string shown;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const auto next = static_cast<unsigned char>(i + 1 < text.size() ? text[i + 1] : 0);
    const bool two = byte == 0xC2 && next >= 0x80 && next < 0xA0;
    shown += byte < 0x20 || byte == 0x7F || two ? '?' : text[i];
    if (two) ++i;
  }
  return shown;
}

}  // namespace normsweep
