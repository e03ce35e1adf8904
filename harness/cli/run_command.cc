#include "harness/cli/run_command.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <new>
#include <utility>

#include "harness/cli/dry_run.h"
#include "harness/cli/run_plan.h"
#include "harness/config/config_error.h"
#include "harness/journal/run_header.h"
#include "harness/journal/run_output.h"
#include "harness/report/files.h"
#include "harness/run/isolated_case.h"
#include "harness/run/runner.h"

namespace normsweep {
namespace {

constexpr const char* kDefaultOutput = "results";

// An empty folder: no files. A part of the cases must not take the place of all of them unasked.
std::string FolderOf(const RunOptions& options, const std::string& name) {
  if (options.output.empty()) {
    return options.selection.IsPart() ? "" : std::string(kDefaultOutput) + "/" + name;
  }
  return options.output + "/" + name;
}

int ComplainOfMemory(const RunOptions& options, const Console& console) {
  return Complain(console, Error("no memory left"),
                  options.isolated_from > 0 ? kOutOfMemory : int{kRunBroke});
}

// What one option asks of another. Empty: nothing.
std::string Contradiction(const RunOptions& options) {
  if (options.require_claims && options.selection.IsPart()) {
    return "--require-claims with --filter, --case or --shard: claims speak of all cases, expected "
           "one of the two";
  }
  if (options.selection.shard.of > 0 && options.output.empty()) {
    return "--shard without --output: expected a folder for this shard's results";
  }
  if (options.estimate && options.selection.IsPart() && options.output.empty()) {
    return "--estimate of a part of the cases without --output: expected a folder for the journal";
  }
  const bool limits = options.case_seconds > 0 || options.case_memory > 0;
  if (limits && !options.isolate && options.isolated_from == 0) {
    return "--case-seconds and --case-memory are limits of isolated cases, expected --isolate";
  }
  const int64_t least = options.isolate && options.case_memory > 0 ? LeastCaseMemory() : 0;
  if (options.case_memory < least) {
    return "--case-memory: " + std::to_string(options.case_memory) +
           " bytes, expected more than the program itself takes, at least " + std::to_string(least);
  }
  return "";
}

// The journal of an earlier run, or nothing; a dry run takes no lock and complains of nothing.
std::unique_ptr<Journal> JournalOf(const std::string& folder) {
  if (folder.empty()) return nullptr;
  try {
    return std::make_unique<Journal>(LoadJournal(folder + "/" + kJournalFile));
  } catch (const JournalError&) {
    return nullptr;
  }
}

void DryRun(const RunOptions& options, const Plan& plan, const Console& console) {
  PrintCases(plan, console.out);
  const auto journal = JournalOf(FolderOf(options, plan.config.name));
  PrintEstimates(plan, journal.get(), ShareCores(options, plan).jobs, console.out);
}

// All of them before the first case runs.
std::vector<std::unique_ptr<RunOutput>> OpenOutputs(const RunOptions& options,
                                                    const std::vector<Plan>& plans) {
  std::vector<std::unique_ptr<RunOutput>> outputs;
  for (const Plan& plan : plans) {
    const std::string folder = FolderOf(options, plan.config.name);
    // An isolated case's is its parent's, and not made again where it has vanished.
    if (!folder.empty() && options.isolated_from == 0) CreateFolder(folder);
    outputs.push_back(folder.empty() ? nullptr
                                     : std::make_unique<RunOutput>(
                                           folder,
                                           RunHeader(plan, options.selection,
                                                     ShareCores(options, plan).threads_per_case),
                                           options.fresh));
  }
  return outputs;
}

int RunPlans(const RunOptions& options, const std::vector<Plan>& plans,
             const std::atomic<int>* interrupted, const Console& console) {
  const auto outputs = OpenOutputs(options, plans);
  int status = kAllGood;
  for (size_t i = 0; i < plans.size(); ++i) {
    const int one = RunPlan(options, plans[i], outputs[i].get(), interrupted, console);
    if (one >= kInterrupted) return one;
    status = std::max(status, one);
  }
  return status;
}

}  // namespace

std::vector<Plan> MakePlans(const std::vector<std::string>& configs,
                            const std::vector<std::string>& settings, const Selection& selection,
                            std::span<const ExperimentKind> experiments) {
  std::vector<Plan> plans;
  std::map<std::string, std::string> names;
  for (const std::string& path : configs) {
    try {
      plans.push_back(MakePlan(path, settings, experiments));
      Select(selection, &plans.back());
      const std::string& name = plans.back().config.name;
      const auto [other, is_new] = names.emplace(name, path);
      if (!is_new) {
        throw ConfigError("/name", "\"" + name + "\" is also the name of " + other->second +
                                       ", expected another folder for the results");
      }
    } catch (const std::bad_alloc&) {
      throw;  // the config is not at fault
    } catch (const std::exception& error) {
      throw Error(path + ": " + error.what());
    }
  }
  return plans;
}

int RunCommand(const RunOptions& options, std::span<const ExperimentKind> experiments,
               const std::atomic<int>* interrupted, const Console& console) {
  std::vector<Plan> plans;
  try {
    plans = MakePlans(options.configs, options.settings, options.selection, experiments);
    const std::string contradiction = Contradiction(options);
    if (!contradiction.empty()) throw Error(contradiction);
  } catch (const std::bad_alloc&) {
    return ComplainOfMemory(options, console);
  } catch (const std::exception& error) {
    return Complain(console, error, kBadUsage);
  }
  if (options.dry_run) {
    for (const Plan& plan : plans) DryRun(options, plan, console);
    return kAllGood;
  }
  try {
    return RunPlans(options, plans, interrupted, console);
  } catch (const std::bad_alloc&) {
    return ComplainOfMemory(options, console);
  } catch (const RefusedError& error) {
    return Complain(console, error, kBadUsage);
  } catch (const std::exception& error) {
    return Complain(console, error, kRunBroke);
  }
}

int ValidateCommand(const std::vector<std::string>& configs,
                    const std::vector<std::string>& settings,
                    std::span<const ExperimentKind> experiments, const Console& console) {
  int status = kAllGood;
  for (const std::string& path : configs) {
    try {
      const std::vector<Plan> plans = MakePlans({path}, settings, {}, experiments);
      *console.out << path << ": " << plans.front().config.experiment << ", "
                   << plans.front().cases.size() << " cases\n";
    } catch (const std::exception& error) {
      status = Complain(console, error, kBadUsage);
    }
  }
  return status;
}

}  // namespace normsweep
