// Another program, run to its end.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace normsweep {

struct ChildLimits {
  std::function<bool()> stop;  // asked many times a second; true: end it
  double seconds = 0;          // then it is ended; 0: no limit
};

struct ChildEnd {
  std::string failure;  // why it was not started, or nobody knows its status; all else is nothing
  int status = 0;       // as waitpid has it
  bool timed_out = false;
  std::string complaints;  // the last 16 KiB of its standard error
};

// Runs the command (its first word is sought in PATH) without input, its output dropped, in a
// process group of its own, and waits for it. Once `stop` says so it and what it has started are
// ended: by SIGTERM, a second later by SIGKILL; until then SIGINT and SIGTERM are ignored. When its
// time is up they are killed at once. SIGCHLD must not be ignored: the status would be lost.
ChildEnd RunChild(const std::vector<std::string>& command, const ChildLimits& limits);

// Of a text the last line, which of a Python traceback says what went wrong, with ? for what a
// terminal would obey: the control characters of ASCII and, in UTF-8, those from U+0080 to U+009F.
std::string LastLine(std::string text);

}  // namespace normsweep
