#include "harness/cli/run_command.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "harness/claims/claim_tables.h"
#include "harness/config/config_error.h"
#include "harness/report/environment.h"
#include "harness/report/results.h"
#include "harness/run/runner.h"

namespace normsweep {
namespace {

constexpr const char* kDefaultOutput = "results";

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

bool IsPart(const RunOptions& options) {
  return !options.selection.filter.empty() || !options.selection.hash.empty();
}

// An empty folder: no files. A part of the cases must not take the place of all of them unasked.
std::string FolderOf(const RunOptions& options, const std::string& name) {
  if (options.output.empty()) {
    return IsPart(options) ? "" : std::string(kDefaultOutput) + "/" + name;
  }
  return options.output + "/" + name;
}

// Every config, or (after a message) none.
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
    } catch (const std::exception& error) {
      throw Error(path + ": " + error.what());
    }
  }
  return plans;
}

void PrintCases(const Plan& plan, const Console& console) {
  for (const SweepCase& one : plan.cases) {
    *console.out << one.hash << "  " << one.coordinates << '\n';
  }
  std::set<nlohmann::json> trials;
  for (const SweepCase& one : plan.cases) {
    const auto needed = plan.experiment->Trials(one.resolved);
    trials.insert(needed.begin(), needed.end());
  }
  *console.out << plan.config.name << ": " << plan.cases.size() << " cases";
  if (!trials.empty()) *console.out << " and " << trials.size() << " trials that select a value";
  *console.out << '\n';
}

struct Cores {
  int jobs;
  int threads_per_case;
};

Cores ShareCores(const RunOptions& options, const Plan& plan) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int jobs = options.jobs > 0 ? options.jobs : cores;
  const int threads = options.threads > 0 ? options.threads : cores;
  if (plan.kind->case_threads == CaseThreads::kAlone) return {1, threads};
  if (plan.kind->case_threads == CaseThreads::kOne) return {jobs, 1};
  return {jobs, options.threads > 0 ? options.threads : std::max(1, cores / jobs)};
}

std::vector<nlohmann::json> ResolvedCases(const Plan& plan) {
  std::vector<nlohmann::json> cases;
  cases.reserve(plan.cases.size());
  for (const SweepCase& one : plan.cases) cases.push_back(one.resolved);
  return cases;
}

ResultRow MakeRow(const RunOptions& options, const Plan& plan, const SweepCase& one,
                  CaseResult result) {
  nlohmann::ordered_json columns = std::move(result.columns);
  for (const auto& [name, value] : one.columns.items()) {
    if (!columns.contains(name)) columns[name] = value;
  }
  return {std::move(columns), one.coordinates, one.hash, std::move(result),
          ReproLine(options, plan.config.path, one.hash)};
}

std::vector<ResultRow> MakeRows(const RunOptions& options, const Plan& plan,
                                std::vector<std::vector<CaseResult>> results) {
  std::vector<ResultRow> rows;
  for (size_t i = 0; i < plan.cases.size(); ++i) {
    for (CaseResult& result : results[i]) {
      rows.push_back(MakeRow(options, plan, plan.cases[i], std::move(result)));
    }
  }
  return rows;
}

// The experiment's own tables of the cases that are done.
std::string TablesSoFar(const RunOptions& options, const Plan& plan, const RunState& state,
                        const TableStyle& style) {
  std::vector<ResultRow> rows;
  for (size_t i = 0; i < plan.cases.size(); ++i) {
    if (!state.finished[i]) continue;
    for (const CaseResult& result : state.results[i]) {
      CaseResult copy = result;
      copy.samples.clear();
      rows.push_back(MakeRow(options, plan, plan.cases[i], std::move(copy)));
    }
  }
  std::ostringstream text;
  if (!rows.empty()) plan.kind->print_tables(plan.config, rows, style, &text);
  return text.str();
}

bool AnyFailed(const std::vector<ResultRow>& rows) {
  return std::any_of(rows.begin(), rows.end(),
                     [](const ResultRow& row) { return row.result.status == "FAILED"; });
}

bool AllSupported(const std::vector<Judgement>& claims) {
  return std::all_of(claims.begin(), claims.end(),
                     [](const Judgement& j) { return j.verdict == Verdict::kSupported; });
}

// Runs the cases under a progress line and the tables so far. Nothing when interrupted.
std::optional<std::vector<std::vector<CaseResult>>> RunWithProgress(
    const RunOptions& options, const Plan& plan, const std::atomic<int>* interrupted,
    const Console& console, size_t* done) {
  const Cores cores = ShareCores(options, plan);
  const std::vector<nlohmann::json> cases = ResolvedCases(plan);
  plan.experiment->Prepare(cases, {options.data, cores.threads_per_case, cores.jobs});
  Progress progress(plan.config.name, cases.size(), console.terminal, console.out);
  RunnerOptions runner{cores.jobs, cores.threads_per_case, interrupted, {}};
  runner.on_progress = [&](const RunState& state) {
    *done = state.done;
    progress.Update(state.done, state.seconds, [&](int width) {
      return TablesSoFar(options, plan, state, {width, console.utf8});
    });
  };
  try {
    auto results = RunCases(plan.experiment, cases, runner);
    progress.Clear();
    return results;
  } catch (const RunBroke& error) {
    progress.Clear();
    const SweepCase& one = plan.cases[error.index()];
    throw Error("the case " + one.coordinates + " broke: " + error.what() +
                "\n  run it alone: " + ReproLine(options, plan.config.path, one.hash));
  }
}

int RunPlan(const RunOptions& options, const Plan& plan, const std::atomic<int>* interrupted,
            const Console& console) {
  const auto start = std::chrono::steady_clock::now();
  const std::string folder = FolderOf(options, plan.config.name);
  size_t done = 0;
  auto results = RunWithProgress(options, plan, interrupted, console, &done);
  if (!results) {
    *console.err << "normsweep: interrupted: " << done << " of " << plan.cases.size()
                 << " cases of " << plan.config.name << " were done, none written\n";
    return kInterrupted + *interrupted;
  }
  const std::vector<ResultRow> rows = MakeRows(options, plan, std::move(*results));
  // Claims speak of all cases: of a part of them they would be undecided at best.
  const std::vector<Judgement> claims =
      IsPart(options) ? std::vector<Judgement>() : Judge(plan.claims, rows);
  if (!folder.empty()) {
    WriteResults(folder, Environment(options.command_line), plan.config, rows, claims,
                 plan.experiment->Files());
  }
  const TableStyle style{console.terminal.width(), console.utf8};
  plan.kind->print_tables(plan.config, rows, style, console.out);
  PrintClaims(claims, console.out);
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  *console.out << '\n'
               << plan.config.name << ": " << plan.cases.size() << " cases in "
               << DurationText(seconds.count()) << ", "
               << (folder.empty() ? "no files written for a part of the cases without --output"
                                  : "results in " + folder)
               << std::endl;
  if (!folder.empty() && options.report && !options.no_report) {
    *console.out << options.report(folder) << std::endl;
    if (interrupted != nullptr && *interrupted != 0) return kInterrupted + *interrupted;
  }
  const bool failed = AnyFailed(rows) || (options.require_claims && !AllSupported(claims));
  return failed ? kCheckFailed : kAllGood;
}

int Complain(const Console& console, const std::exception& error, int status) {
  *console.err << "normsweep: " << error.what() << std::endl;
  return status;
}

}  // namespace

std::string ReproLine(const RunOptions& options, const std::string& config,
                      const std::string& hash) {
  std::string line = "normsweep run " + ShellWord(config);
  if (options.data_given) line += " --data " + ShellWord(options.data);
  for (const std::string& setting : options.settings) line += " --set " + ShellWord(setting);
  return line + " --case " + hash;
}

int RunCommand(const RunOptions& options, std::span<const ExperimentKind> experiments,
               const std::atomic<int>* interrupted, const Console& console) {
  std::vector<Plan> plans;
  try {
    plans = MakePlans(options.configs, options.settings, options.selection, experiments);
  } catch (const std::exception& error) {
    return Complain(console, error, kBadUsage);
  }
  if (options.require_claims && IsPart(options)) {
    return Complain(console,
                    Error("--require-claims with --filter or --case: claims speak of all cases, "
                          "expected one of the two"),
                    kBadUsage);
  }
  if (options.dry_run) {
    for (const Plan& plan : plans) PrintCases(plan, console);
    return kAllGood;
  }
  int status = kAllGood;
  try {
    for (const Plan& plan : plans) {
      const std::string folder = FolderOf(options, plan.config.name);
      if (!folder.empty()) PrepareFolder(folder);
    }
    for (const Plan& plan : plans) {
      const int one = RunPlan(options, plan, interrupted, console);
      if (one >= kInterrupted) return one;
      status = std::max(status, one);
    }
  } catch (const std::exception& error) {
    return Complain(console, error, kRunBroke);
  }
  return status;
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
