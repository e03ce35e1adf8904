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

// What of it the bits of results depend on. Of the build: version, commit, compiler, flags and,
// where no commit says what it was built from, the program's checksum. Of the machine: the
// instruction set that `native` runs (kernels/target.h), oneDNN's version and its own choice, the C
// library's version.
nlohmann::ordered_json BuildIdentity();
nlohmann::ordered_json MachineIdentity();

const char* NormsweepVersion();  // "0.1.0"

}  // namespace normsweep
