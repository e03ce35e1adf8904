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

FileLock::FileLock(int file, int kind) : file_(file) {
  if (file_ < 0 || ::flock(file_, kind | LOCK_NB) != 0) error_ = errno;
}

FileLock::~FileLock() {
  if (file_ >= 0) ::close(file_);
}

// No link: what it leads to is not ours to empty.
FolderLock::FolderLock(const std::string& folder)
    : lock_(::open((folder + "/.lock").c_str(),
                   O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666),
            LOCK_EX) {
  const std::string path = folder + "/.lock";
  if (lock_.error() == EWOULDBLOCK) {
    throw RefusedError(folder + " is in use by " + Holder(lock_.file()) +
                       ", expected its end or another --output");
  }
  if (lock_.error() != 0) {
    throw Error("cannot lock " + path + ": " + std::strerror(lock_.error()));
  }
  // Only for the message above, so that a full disk is no failure.
  const std::string text = ThisProcess();
  if (::ftruncate(lock_.file(), 0) == 0) {
    [[maybe_unused]] const ssize_t ignored = ::pwrite(lock_.file(), text.data(), text.size(), 0);
  }
}

}  // namespace normsweep
