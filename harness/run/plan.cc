#include "harness/run/plan.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <regex>
#include <set>
#include <utility>

#include "harness/config/config_error.h"
#include "harness/run/memory.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

const ExperimentKind& FindExperiment(const std::string& name,
                                     std::span<const ExperimentKind> experiments) {
  for (const ExperimentKind& kind : experiments) {
    if (name == kind.name) return kind;
  }
  throw ConfigError("/experiment", "\"" + name + "\" is not in this build, expected one of" +
                                       QuotedNames(experiments, &ExperimentKind::name));
}

void ValidateCases(const Plan& plan) {
  for (size_t i = 0; i < plan.cases.size(); ++i) {
    try {
      CheckCaseMemory(*plan.experiment, plan.cases[i].resolved);  // Validate may make tensors
      plan.experiment->Validate(plan.cases[i].resolved);
    } catch (const ConfigError& error) {
      const std::vector<Axis>& axes = plan.config.axes;
      const auto number = static_cast<int64_t>(i);
      const bool has_product = plan.experiment->HasProduct(plan.config.document);
      if (!has_product || number >= NumCases(axes)) throw;
      throw ConfigError(PointerInFile(axes, IndicesOf(axes, number), error.pointer()),
                        error.message());
    }
  }
}

// A journal knows a case by its hash.
void CheckHashes(const std::vector<SweepCase>& cases) {
  std::map<std::string, const SweepCase*> seen;
  for (const SweepCase& one : cases) {
    const auto [first, is_new] = seen.emplace(one.hash, &one);
    if (is_new) continue;
    throw ConfigError("", "the case " + one.coordinates + " comes twice (first as " +
                              first->second->coordinates + "), expected cases that differ");
  }
}

void KeepHash(const std::string& hash, Plan* plan) {
  if (hash.empty()) return;
  std::erase_if(plan->cases, [&](const SweepCase& one) { return one.hash != hash; });
  if (plan->cases.empty()) {
    throw ConfigError("",
                      "--case " + hash + ": no such case, expected a hash that --dry-run shows");
  }
}

void KeepMatching(const std::string& filter, Plan* plan) {
  if (filter.empty()) return;
  try {
    const std::regex expression(filter);
    std::erase_if(plan->cases, [&](const SweepCase& one) {
      return !std::regex_search(one.coordinates, expression);
    });
  } catch (const std::regex_error& error) {
    throw ConfigError("",
                      "--filter " + filter + ": expected a regular expression: " + error.what());
  }
  if (plan->cases.empty()) {
    throw ConfigError(
        "", "--filter " + filter + ": matches no case, expected a part of what --dry-run shows");
  }
}

void KeepShard(const Shard& shard, Plan* plan) {
  if (shard.of == 0) return;
  std::vector<std::string> hashes;
  hashes.reserve(plan->cases.size());
  for (const SweepCase& one : plan->cases) hashes.push_back(one.hash);
  std::sort(hashes.begin(), hashes.end());
  std::set<std::string> kept;
  const auto step = static_cast<size_t>(shard.of);
  for (size_t i = static_cast<size_t>(shard.number - 1); i < hashes.size(); i += step) {
    kept.insert(hashes[i]);
  }
  std::erase_if(plan->cases, [&](const SweepCase& one) { return !kept.contains(one.hash); });
}

}  // namespace

Plan MakePlan(const std::string& path, const std::vector<std::string>& settings,
              std::span<const ExperimentKind> experiments) {
  return MakePlan(LoadConfig(path, settings), experiments);
}

Plan MakePlan(Config config, std::span<const ExperimentKind> experiments) {
  Plan plan;
  plan.config = std::move(config);
  plan.kind = &FindExperiment(plan.config.experiment, experiments);
  plan.experiment = plan.kind->make();
  if (plan.experiment->HasProduct(plan.config.document)) plan.cases = ExpandCases(plan.config);
  for (const nlohmann::json& extra : plan.experiment->ExtraCases(plan.config.document)) {
    plan.cases.push_back(MakeExtraCase(plan.config, extra));
  }
  CheckHashes(plan.cases);
  ValidateCases(plan);
  plan.claims = ReadClaims(plan.config, plan.cases);
  return plan;
}

Shard ParseShard(const std::string& text) {
  Shard shard;
  const char* end = text.data() + text.size();
  const auto number = std::from_chars(text.data(), end, shard.number);
  const bool slash = number.ec == std::errc() && number.ptr != end && *number.ptr == '/';
  const auto of = std::from_chars(slash ? number.ptr + 1 : end, end, shard.of);
  const bool in_range = shard.number >= 1 && shard.number <= shard.of && shard.of <= kMaxShards;
  if (!slash || of.ec != std::errc() || of.ptr != end || !in_range) {
    throw ConfigError("", "--shard " + text +
                              ": expected I/N, such as 3/8, with I from 1 to N and N "
                              "at most " +
                              std::to_string(kMaxShards));
  }
  return shard;
}

void Select(const Selection& selection, Plan* plan) {
  KeepHash(selection.hash, plan);
  KeepMatching(selection.filter, plan);
  KeepShard(selection.shard, plan);
}

}  // namespace normsweep
