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

// Holds <folder>/.lock, an flock that the system lets go of however the process ends; the file
// stays. On NFS it holds between machines, too, where the mount allows locks at all.
class FolderLock {
 public:
  // Throws RefusedError naming the process that has it, Error where there can be no lock.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int file_ = -1;
};

}  // namespace normsweep
