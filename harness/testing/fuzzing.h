// What the fuzzers share: an input as an open file, and an end to the process that libFuzzer keeps
// the input of.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

namespace normsweep {

// Of a property that does not hold: libFuzzer writes the input down when the process aborts.
inline void Require(bool holds, const char* property) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", property);
  std::abort();
}

// A file in memory with this content, to be read from its start; the caller closes it.
inline int FileInMemory(std::span<const char> content) {
  const int file = memfd_create("fuzz", MFD_CLOEXEC);
  Require(file >= 0, "memfd_create");
  const ssize_t written = pwrite(file, content.data(), content.size(), 0);
  Require(written == static_cast<ssize_t>(content.size()), "all of the input is written");
  return file;
}

}  // namespace normsweep
