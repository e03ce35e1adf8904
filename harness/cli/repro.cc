#include "harness/cli/repro.h"

#include <algorithm>
#include <cctype>

namespace normsweep {
namespace {

std::string ShellWord(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string("_-./=:,+@%").find(static_cast<char>(c)) != std::string::npos;
  });
  if (plain) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

}  // namespace

std::string ReproCommand(const RunOptions& options, const std::string& config) {
  std::string line = "normsweep run " + ShellWord(config);
  if (options.data_given) line += " --data " + ShellWord(options.data);
  for (const std::string& setting : options.settings) line += " --set " + ShellWord(setting);
  return line;
}

std::string ReproLine(const std::string& command, const std::string& hash) {
  return command + " --case " + hash;
}

}  // namespace normsweep
