// The journals of a run's shards, as one.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/journal/journal.h"
#include "harness/run/plan.h"

namespace normsweep {

struct LoadedShard {
  std::string folder;
  Journal journal;
};

// Reads <folder>/journal.jsonl of each. Throws RefusedError for one that is still being written,
// JournalError for one that is damaged or missing.
std::vector<LoadedShard> LoadShards(const std::vector<std::string>& folders);

struct JoinedShards {
  Plan plan;        // of all cases of the run
  Journal journal;  // as a run of all of them leaves it, but for the order
};

// Throws Error: a shard that is missing, there twice, incomplete, or of another run or with other
// claims than the first.
JoinedShards JoinShards(const std::vector<LoadedShard>& shards,
                        std::span<const ExperimentKind> experiments);

}  // namespace normsweep
