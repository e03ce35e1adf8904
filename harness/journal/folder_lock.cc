#include "harness/journal/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace normsweep {
namespace {

// "process 123 on node7", as the one that has the lock wrote it.
std::string Holder(int file) {
  std::array<char, 256> text{};
  const ssize_t count = ::pread(file, text.data(), text.size() - 1, 0);
  std::string holder(text.data(), count > 0 ? static_cast<size_t>(count) : 0);
  return holder.empty() ? "another process" : holder;
}

std::string ThisProcess() {
  std::array<char, 65> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  return "process " + std::to_string(::getpid()) + " on " + host.data();
}

}  // namespace

FolderLock::FolderLock(const std::string& folder) {
  const std::string path = folder + "/.lock";
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (file_ < 0) throw Error("cannot write " + path + ": " + std::strerror(errno));
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    const std::string holder = reason == EWOULDBLOCK ? Holder(file_) : "";
    ::close(file_);
    if (reason != EWOULDBLOCK) throw Error("cannot lock " + path + ": " + std::strerror(reason));
    throw RefusedError(folder + " is in use by " + holder +
                       ", expected its end or another --output");
  }
  // Only for the message above, so that a full disk is no failure.
  const std::string text = ThisProcess();
  if (::ftruncate(file_, 0) == 0) {
    [[maybe_unused]] const ssize_t ignored = ::pwrite(file_, text.data(), text.size(), 0);
  }
}

FolderLock::~FolderLock() { ::close(file_); }

}  // namespace normsweep
