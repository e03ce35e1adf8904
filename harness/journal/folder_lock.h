// One run a folder at a time.
#pragma once

#include <string>

#include "norms/errors.h"

namespace normsweep {

// Work was not begun because it would spoil what is there. The text says what to do.
class RefusedError : public Error {
 public:
  using Error::Error;
};

// An flock on an open file, which it closes. Does not wait.
class FileLock {
 public:
  // LOCK_EX or LOCK_SH; a `file` of -1 is that of an open that has just failed.
  FileLock(int file, int kind);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  int file() const { return file_; }
  // 0 where it holds the lock, EWOULDBLOCK where another process does, else the errno of open or
  // flock.
  int error() const { return error_; }

 private:
  int file_;
  int error_ = 0;
};

// Holds <folder>/.lock, an flock that the system lets go of however the process ends; the file
// stays. On NFS it holds between machines, too, where the mount allows locks at all.
class FolderLock {
 public:
  // Throws RefusedError naming the process that has it, Error where there can be no lock.
  explicit FolderLock(const std::string& folder);

 private:
  FileLock lock_;
};

}  // namespace normsweep
