// The command lines that run something again.
#pragma once

#include <string>

#include "harness/cli/run_command.h"

namespace normsweep {

// "normsweep run configs/quick.json", with what changes the config or its data, quoted for a shell.
std::string ReproCommand(const RunOptions& options, const std::string& config);
// Of one case: with " --case 0123456789abcdef".
std::string ReproLine(const std::string& command, const std::string& hash);

}  // namespace normsweep
