// On what, with what and when a run was made.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace normsweep {

// Processor, caches in bytes, cores and threads, instruction set, operating system, compiler and
// flags, library versions, the clock of all times, version and commit of normsweep, time (UTC),
// command line.
nlohmann::ordered_json Environment(const std::vector<std::string>& command_line);

const char* NormsweepVersion();  // "0.1.0"

}  // namespace normsweep
