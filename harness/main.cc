// normsweep: the only code that talks to the user; what it calls gets streams.
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "harness/cli/command_line.h"

namespace {

int TerminalWidth() {
  constexpr int kUnknown = 200;  // a file: wide tables stay tables
  winsize size = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUnknown;
  return size.ws_col;
}

bool IsUtf8() {
  std::setlocale(LC_CTYPE, "");
  return std::string(::nl_langinfo(CODESET)) == "UTF-8";
}

}  // namespace

int main(int argc, char** argv) {
  const char* ci = std::getenv("CI");
  const bool in_ci = ci != nullptr && *ci != '\0';
  const bool interactive = ::isatty(STDOUT_FILENO) == 1 && !in_ci;
  const normsweep::Console console{&std::cout, &std::cerr, {interactive, TerminalWidth}, IsUtf8()};
  const int status = normsweep::RunCommandLine(std::vector<std::string>(argv, argv + argc),
                                               normsweep::Experiments(), console);
  std::cout.flush();
  // Cases of a run that broke or was interrupted may still be computing; destroying what they use
  // under them would crash.
  if (status >= normsweep::kRunBroke) std::_Exit(status);
  return status;
}
