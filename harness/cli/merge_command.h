// normsweep merge.
#pragma once

#include <atomic>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "harness/cli/console.h"
#include "harness/experiments/registry.h"

namespace normsweep {

struct MergeOptions {
  std::vector<std::string> folders;  // of the shards, each with its journal
  std::string output;
  bool fresh = false;
  bool require_claims = false;
  bool no_report = false;
  std::vector<std::string> command_line;
  const std::atomic<int>* interrupted = nullptr;
  std::function<std::string(const std::string& folder)> report;  // may be empty
};

// Joins the shards' journals into <output>/<name> with the results, byte for byte those of a run of
// all cases. Shards that are missing, there twice, incomplete, still running or of another run are
// named. Returns the exit status.
int MergeCommand(const MergeOptions& options, std::span<const ExperimentKind> experiments,
                 const Console& console);

}  // namespace normsweep
