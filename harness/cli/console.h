// Whom a command talks to, and what it ends with.
#pragma once

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

}  // namespace normsweep
