// Ctrl-C as a number to look at.
#pragma once

#include <atomic>

namespace normsweep {

// From now on the first SIGINT or SIGTERM is stored here (0: none came yet); the second ends the
// process as ever.
const std::atomic<int>* CatchInterrupts();

}  // namespace normsweep
