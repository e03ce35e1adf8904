#include "harness/journal/shards.h"

#include <map>
#include <set>
#include <utility>

#include "harness/journal/run_header.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson WithoutShardNumber(OrderedJson header) {
  header["selection"]["shard"] = 0;
  return header;
}

Selection SelectionOf(const LoadedShard& shard) {
  const OrderedJson& json = shard.journal.header["selection"];
  Selection selection;
  try {
    selection = {json.at("filter").get<std::string>(),
                 json.at("case").get<std::string>(),
                 {json.at("shard").get<int64_t>(), json.at("shards").get<int64_t>()}};
  } catch (const OrderedJson::exception&) {
    throw JournalError(shard.folder + ": /selection is not what a run writes");
  }
  const Shard& part = selection.shard;
  if (part.of == 0) {
    throw Error(shard.folder + " is no shard, expected the output of run --shard I/N");
  }
  if (part.number < 1 || part.number > part.of || part.of > kMaxShards) {
    throw JournalError(shard.folder + ": /selection has no shard I/N");
  }
  return selection;
}

std::string NameOf(const Shard& shard) {
  return std::to_string(shard.number) + "/" + std::to_string(shard.of);
}

// What two shards loaded of the same name must be the same.
void CheckData(const LoadedShard& shard, std::map<std::string, OrderedJson>* known) {
  for (const OrderedJson& session : shard.journal.sessions) {
    const OrderedJson data = session.value("data", OrderedJson::object());
    for (const auto& [name, checksum] : data.items()) {
      const auto [place, is_new] = known->emplace(name, checksum);
      if (is_new || place->second == checksum) continue;
      throw Error(shard.folder + " is foreign: the data set " + name + " was " + checksum.dump() +
                  " there and " + place->second.dump() + " in another shard");
    }
  }
}

void CheckForeign(const std::vector<LoadedShard>& shards) {
  const LoadedShard& first = shards.front();
  std::map<std::string, OrderedJson> data;
  for (const LoadedShard& shard : shards) {
    const OrderedJson one = WithoutShardNumber(first.journal.header);
    const OrderedJson other = WithoutShardNumber(shard.journal.header);
    const bool claims_only = !CompareHeaders(one, other);
    if (const auto difference = FindDifference(one, other)) {
      throw Error(shard.folder + " is foreign: " + difference->pointer + " is " +
                  difference->second + " there and " + difference->first + " in " + first.folder +
                  (claims_only ? "; run each shard's command again, which runs no case anew" : ""));
    }
    CheckData(shard, &data);
  }
}

void CheckNumbers(const std::vector<LoadedShard>& shards) {
  std::map<int64_t, std::string> found;
  for (const LoadedShard& shard : shards) {
    const int64_t number = SelectionOf(shard).shard.number;
    const auto [place, is_new] = found.emplace(number, shard.folder);
    if (!is_new) {
      throw Error("shard " + NameOf(SelectionOf(shard).shard) +
                  " is there twice: " + place->second + " and " + shard.folder);
    }
  }
  const int64_t of = SelectionOf(shards.front()).shard.of;
  std::string missing;
  int64_t count = 0;
  for (int64_t number = 1; number <= of; ++number) {
    if (found.contains(number)) continue;
    if (++count <= 10) missing += (missing.empty() ? "" : ", ") + NameOf({number, of});
  }
  if (count > 10) missing += " and " + std::to_string(count - 10) + " more";
  if (count > 0) throw Error("missing: shard " + missing);
}

void CheckCases(const LoadedShard& shard, const Plan& plan) {
  std::set<std::string> expected;
  size_t missing = 0;
  for (const SweepCase& one : plan.cases) {
    expected.insert(one.hash);
    missing += shard.journal.cases.contains(one.hash) ? 0U : 1U;
  }
  if (missing > 0) {
    throw Error(shard.folder + " is not complete: " + std::to_string(missing) + " of " +
                std::to_string(plan.cases.size()) +
                " cases are to run yet; the command that began it goes on");
  }
  for (const auto& [hash, unused] : shard.journal.cases) {
    if (!expected.contains(hash)) {
      throw Error(shard.folder + " is foreign: its case " + hash + " is none of this shard's");
    }
  }
}

}  // namespace

std::vector<LoadedShard> LoadShards(const std::vector<std::string>& folders) {
  std::vector<LoadedShard> shards;
  for (const std::string& folder : folders) {
    shards.push_back({folder, LoadJournalAtRest(folder + "/" + kJournalFile)});
  }
  return shards;
}

JoinedShards JoinShards(const std::vector<LoadedShard>& shards,
                        std::span<const ExperimentKind> experiments) {
  if (shards.empty()) throw Error("no shard given, expected all of a run");
  Selection selection = SelectionOf(shards.front());
  CheckForeign(shards);
  CheckNumbers(shards);
  JoinedShards joined;
  const LoadedShard& first = shards.front();
  joined.plan = MakePlan(MakeConfig(first.journal.header["config"]), experiments);
  selection.shard = {};
  Select(selection, &joined.plan);
  for (const LoadedShard& shard : shards) {
    Plan part = joined.plan;
    Select(SelectionOf(shard), &part);
    CheckCases(shard, part);
    const auto before = static_cast<int64_t>(joined.journal.sessions.size());
    joined.journal.sessions.insert(joined.journal.sessions.end(), shard.journal.sessions.begin(),
                                   shard.journal.sessions.end());
    for (const auto& [hash, one] : shard.journal.cases) {
      JournalCase moved = one;
      moved.session += before;
      joined.journal.cases[hash] = std::move(moved);
    }
  }
  joined.journal.header = first.journal.header;  // not of the joiner's build and machine
  for (const char* key : {"shard", "shards"}) joined.journal.header["selection"][key] = 0;
  return joined;
}

}  // namespace normsweep
