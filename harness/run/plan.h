// What a config asks for: its experiment and its checked cases.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "harness/claims/claim.h"
#include "harness/config/config.h"
#include "harness/experiments/registry.h"

namespace normsweep {

struct Plan {
  Config config;
  const ExperimentKind* kind = nullptr;
  std::shared_ptr<Experiment> experiment;
  std::vector<SweepCase> cases;  // of the sweep, in its order, then the experiment's own
  std::vector<Claim> claims;
};

// Reads and checks all of it. Throws ConfigError, with pointers into the file.
Plan MakePlan(const std::string& path, const std::vector<std::string>& settings,
              std::span<const ExperimentKind> experiments);
Plan MakePlan(Config config, std::span<const ExperimentKind> experiments);

// One of several runs that share the cases; 0 of 0: there is but one.
struct Shard {
  int64_t number = 0, of = 0;  // 1 .. of
};
constexpr int64_t kMaxShards = 100'000;
// "3/8". Throws ConfigError.
Shard ParseShard(const std::string& text);

// Which cases to keep. Throws ConfigError for a hash or an expression that no case matches, or that
// is no expression.
struct Selection {
  std::string filter;  // a regular expression (ECMAScript), found anywhere in the coordinates
  std::string hash;    // of one case
  // Every of-th case in the order of the hashes, from the number-th on: shards differ by one case
  // at the most, and the long cases of a sweep, which stand together, are dealt out. May be none.
  Shard shard;

  bool IsPart() const { return !filter.empty() || !hash.empty() || shard.of > 0; }
};
void Select(const Selection& selection, Plan* plan);

}  // namespace normsweep
