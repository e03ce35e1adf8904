// normsweep: the only code that talks to the user; what it calls gets streams.
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <clocale>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "harness/cli/command_line.h"

namespace {

winsize TerminalSize() {
  winsize size = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return {};
  return size;
}

int TerminalWidth() {
  constexpr int kUnknown = 200;  // a file: wide tables stay tables
  const int width = TerminalSize().ws_col;
  return width == 0 ? kUnknown : width;
}

int TerminalHeight() { return TerminalSize().ws_row; }

// Whether what is shown there can be taken back.
bool IsInteractive() {
  const char* ci = std::getenv("CI");
  const char* kind = std::getenv("TERM");
  const bool in_ci = ci != nullptr && *ci != '\0';
  const bool dumb = kind != nullptr && std::string(kind) == "dumb";
  return ::isatty(STDOUT_FILENO) == 1 && !in_ci && !dumb;
}

bool IsUtf8() {
  std::setlocale(LC_CTYPE, "");
  return std::string(::nl_langinfo(CODESET)) == "UTF-8";
}

}  // namespace

int main(int argc, char** argv) {
  // A file that may not grow further is an error of the write, which is said, not the end of us.
  std::signal(SIGXFSZ, SIG_IGN);
  // Whoever started us may have ignored it: then nobody would know how our own children end.
  std::signal(SIGCHLD, SIG_DFL);
  const normsweep::Terminal terminal{IsInteractive(), TerminalWidth, TerminalHeight};
  const normsweep::Console console{&std::cout, &std::cerr, terminal, IsUtf8()};
  const int status = normsweep::RunCommandLine(std::vector<std::string>(argv, argv + argc),
                                               normsweep::Experiments(), console);
  std::cout.flush();
  // Cases of a run that broke or was interrupted may still be computing; destroying what they use
  // under them would crash.
  if (status >= normsweep::kRunBroke) std::_Exit(status);
  return status;
}
