// Whom a command talks to, and what it ends with.
#pragma once

#include <exception>
#include <ostream>

#include "harness/run/progress.h"

namespace normsweep {

enum ExitStatus : int {
  kAllGood = 0,
  kCheckFailed = 1,
  kBadUsage = 2,  // of the command line or in a config
  kRunBroke = 3,
  kInterrupted = 128,  // plus the number of the signal
};

struct Console {
  std::ostream* out;
  std::ostream* err;
  Terminal terminal;
  bool utf8 = false;
};

// The status, once its reason is said.
inline int Complain(const Console& console, const std::exception& error, int status) {
  *console.err << "normsweep: " << error.what() << std::endl;
  return status;
}

}  // namespace normsweep
