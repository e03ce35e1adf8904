#include "harness/cli/run_plan.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <set>
#include <sstream>
#include <thread>
#include <utility>

#include "harness/cli/conclude.h"
#include "harness/cli/dry_run.h"
#include "harness/cli/repro.h"
#include "harness/journal/run_header.h"
#include "harness/report/environment.h"
#include "harness/report/files.h"
#include "harness/run/isolated_case.h"
#include "harness/run/memory.h"
#include "harness/run/runner.h"

namespace normsweep {
namespace {

using CaseRows = std::vector<CaseResult>;

// What a part of RunPlan needs to know; good for its call.
struct Context {
  const RunOptions& options;
  const Plan& plan;
  RunOutput* output;
  const std::atomic<int>* interrupted;
  const Console& console;
  Cores cores;
  std::string repro;  // ReproCommand
};

std::vector<std::optional<CaseRows>> KnownRows(const Context& c) {
  std::vector<std::optional<CaseRows>> known(c.plan.cases.size());
  if (c.output == nullptr) return known;
  const std::vector<bool> done = DoneCases(c.plan, c.output->journal());
  for (size_t i = 0; i < known.size(); ++i) {
    if (done[i]) known[i] = c.output->journal().cases.at(c.plan.cases[i].hash).rows;
  }
  return known;
}

// Loads what the cases share; the session's line of the journal says what it was.
void Prepare(const Context& c, const std::vector<std::optional<CaseRows>>& known) {
  std::vector<nlohmann::json> cases;
  for (size_t i = 0; i < known.size(); ++i) {
    if (!known[i]) cases.push_back(c.plan.cases[i].resolved);
  }
  if (cases.empty()) return;
  const std::string warning =
      MemoryWarning(EstimateMemory(c.plan, c.cores.jobs), AvailableMemory());
  if (!warning.empty()) *c.console.err << "normsweep: " << warning << std::endl;
  c.plan.experiment->Prepare(cases, {c.options.data, c.cores.threads_per_case, c.cores.jobs});
  if (c.output == nullptr) return;
  nlohmann::ordered_json session;
  session["data"] = c.plan.experiment->Data();
  session["repro"] = c.repro;
  session["environment"] = Environment(c.options.command_line);
  c.output->BeginSession(session);
}

// The experiment's own tables of the cases that are done.
std::string TablesSoFar(const Context& c, const RunState& state, const TableStyle& style) {
  std::vector<ResultRow> rows;
  for (size_t i = 0; i < c.plan.cases.size(); ++i) {
    if (!state.finished[i]) continue;
    for (const CaseResult& result : state.results[i]) {
      CaseResult copy = result;
      copy.samples.clear();
      copy.entries.clear();
      rows.push_back(MakeRow(c.plan.cases[i], std::move(copy), "", 0));
    }
  }
  std::ostringstream text;
  if (!rows.empty()) c.plan.kind->print_tables(c.plan.config, rows, style, &text);
  return text.str();
}

std::vector<nlohmann::json> ResolvedCases(const Plan& plan) {
  std::vector<nlohmann::json> cases;
  cases.reserve(plan.cases.size());
  for (const SweepCase& one : plan.cases) cases.push_back(one.resolved);
  return cases;
}

// Each in a process of its own, which is waited for.
std::function<CaseRows(size_t, const std::atomic<bool>&)> RunApart(const Context& c) {
  Isolation isolation;
  std::shared_ptr<TemporaryFolder> temporary;
  if (c.output == nullptr) temporary = std::make_shared<TemporaryFolder>();
  isolation.folder = temporary ? temporary->path() : c.output->folder();
  isolation.seconds = c.options.case_seconds;
  isolation.memory_bytes = c.options.case_memory;
  isolation.threads = c.cores.threads_per_case;
  isolation.data = c.options.data;
  isolation.machine = RunHeader(c.plan, c.options.selection, c.cores.threads_per_case)["machine"];
  isolation.checksums = c.plan.experiment->Data();
  return [&plan = c.plan, isolation, temporary](size_t i, const std::atomic<bool>& stop) {
    return RunIsolated(plan, plan.cases[i], isolation, stop);
  };
}

void SayWhatIsKept(const Context& c) {
  if (c.output == nullptr || c.options.isolated_from > 0) return;
  const std::vector<bool> done = DoneCases(c.plan, c.output->journal());
  const auto count = std::count(done.begin(), done.end(), true);
  if (count == 0) return;
  *c.console.err << "normsweep: " << count << " of " << done.size() << " cases of "
                 << c.plan.config.name << " are kept in " << c.output->folder() << '/'
                 << kJournalFile << "; the same command goes on from there\n";
}

// Runs the cases under a progress line and the tables so far. Nothing when interrupted.
std::optional<std::vector<CaseRows>> RunWithProgress(const Context& c,
                                                     std::vector<std::optional<CaseRows>> known) {
  const auto already = static_cast<size_t>(
      std::count_if(known.begin(), known.end(), [](const auto& rows) { return rows.has_value(); }));
  Progress progress(c.plan.config.name, known.size(), c.console.terminal, c.console.out, already);
  RunnerOptions runner;
  runner.jobs = c.cores.jobs;
  runner.threads_per_case = c.cores.threads_per_case;
  runner.interrupted = c.interrupted;
  runner.wait_for_running = c.options.isolate;
  runner.on_progress = [&](const RunState& state) {
    progress.Update(state.done, state.seconds, [&](int width) {
      return TablesSoFar(c, state, {width, c.console.utf8});
    });
  };
  if (c.output != nullptr) {
    runner.on_finished = [&](size_t i, CaseRows* rows, double seconds) {
      *rows = c.output->Add(c.plan.cases[i].hash, {std::move(*rows), seconds, 0});
    };
  }
  try {
    CasesToRun cases = CasesHere(c.plan.experiment, ResolvedCases(c.plan));
    cases.known = std::move(known);
    if (c.options.isolate) cases.run = RunApart(c);
    auto results = RunCases(std::move(cases), runner);
    progress.Clear();
    return results;
  } catch (...) {
    progress.Clear();
    throw;
  }
}

// A case that threw, as an error that names it.
[[noreturn]] void ThrowBroken(const Context& c, const RunBroke& error) {
  const SweepCase& one = c.plan.cases[error.index()];
  throw Error("the case " + one.coordinates + " broke: " + error.what() +
              "\n  run it alone: " + ReproLine(c.repro, one.hash));
}

// What a run without a folder would have written.
Journal JournalOf(const Plan& plan, std::vector<CaseRows> results) {
  Journal journal;
  for (size_t i = 0; i < results.size(); ++i) {
    journal.cases[plan.cases[i].hash].rows = std::move(results[i]);
  }
  return journal;
}

int Estimate(const Context& c, std::vector<std::optional<CaseRows>> known) {
  std::vector<bool> done;
  done.reserve(known.size());
  for (const auto& rows : known) done.push_back(rows.has_value());
  Plan probes = c.plan;
  probes.cases.clear();
  for (const size_t i : CasesToTime(c.plan.cases, done)) probes.cases.push_back(c.plan.cases[i]);
  const Context part{c.options, probes, c.output, c.interrupted, c.console, c.cores, c.repro};
  std::vector<std::optional<CaseRows>> none(probes.cases.size());
  Prepare(part, none);
  if (!RunWithProgress(part, std::move(none))) {
    SayWhatIsKept(c);
    return kInterrupted + *c.interrupted;
  }
  PrintEstimates(c.plan, &c.output->journal(), c.cores.jobs, c.console.out);
  const std::vector<bool> ended = DoneCases(probes, c.output->journal());
  const auto broken = std::count(ended.begin(), ended.end(), false);
  if (broken == 0) return kAllGood;
  *c.console.err << "normsweep: " << broken << " of the " << ended.size()
                 << " cases to estimate from did not come to an end\n";
  return kRunBroke;
}

int RunAndConclude(const Context& c) {
  const auto start = std::chrono::steady_clock::now();
  std::vector<std::optional<CaseRows>> known = KnownRows(c);
  if (c.options.estimate) return Estimate(c, std::move(known));
  Prepare(c, known);
  auto results = RunWithProgress(c, std::move(known));
  if (!results) {
    *c.console.err << "normsweep: interrupted\n";
    SayWhatIsKept(c);
    return kInterrupted + *c.interrupted;
  }
  if (c.options.isolated_from > 0) return kAllGood;  // who asked reads the journal
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  Conclusion conclusion;
  conclusion.folder = c.output == nullptr ? "" : c.output->folder();
  const Journal own = c.output == nullptr ? JournalOf(c.plan, std::move(*results)) : Journal();
  const Journal& journal = c.output == nullptr ? own : c.output->journal();
  conclusion.environments = EnvironmentsOf(journal, c.options.command_line);
  conclusion.judge_claims = !c.options.selection.IsPart();
  conclusion.require_claims = c.options.require_claims;
  if (!c.options.no_report) conclusion.report = c.options.report;
  conclusion.interrupted = c.interrupted;
  conclusion.duration = DurationText(seconds.count());
  return Conclude(c.plan, RowsOf(c.plan, journal, c.repro), conclusion, c.console);
}

void SayHowItBegins(const Context& c) {
  if (c.output == nullptr) return;
  for (const std::string& remark : c.output->remarks()) {
    *c.console.err << "normsweep: " << remark << '\n';
  }
  const std::vector<bool> done = DoneCases(c.plan, c.output->journal());
  const auto count = std::count(done.begin(), done.end(), true);
  if (count == 0) return;
  *c.console.out << c.plan.config.name << ": " << count << " of " << done.size() << " cases are in "
                 << c.output->folder() << '/' << kJournalFile
                 << " already (--fresh runs them again)" << std::endl;
}

}  // namespace

Cores ShareCores(const RunOptions& options, const Plan& plan) {
  const int cores = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  const int jobs = options.jobs > 0 ? options.jobs : cores;
  const int threads = options.threads > 0 ? options.threads : cores;
  if (plan.kind->case_threads == CaseThreads::kAlone) return {1, threads};
  if (plan.kind->case_threads == CaseThreads::kOne) return {jobs, 1};
  // Not the cores that `jobs` leave: oneDNN's sums, and so results.csv, depend on the threads.
  return {jobs, std::max(1, options.threads)};
}

std::vector<bool> DoneCases(const Plan& plan, const Journal& journal) {
  std::vector<bool> done;
  done.reserve(plan.cases.size());
  for (const SweepCase& one : plan.cases) {
    const auto found = journal.cases.find(one.hash);
    done.push_back(found != journal.cases.end() && !IsBroken(found->second.rows));
  }
  return done;
}

int RunPlan(const RunOptions& options, const Plan& plan, RunOutput* output,
            const std::atomic<int>* interrupted, const Console& console) {
  const Context c{options,
                  plan,
                  output,
                  interrupted,
                  console,
                  ShareCores(options, plan),
                  ReproCommand(options, plan.config.path)};
  SayHowItBegins(c);
  try {
    return RunAndConclude(c);
  } catch (const RunBroke& error) {
    SayWhatIsKept(c);
    if (options.isolated_from == 0) ThrowBroken(c, error);
    *console.err << error.what() << '\n';
    return error.out_of_memory() ? kOutOfMemory : kRunBroke;
  } catch (const RefusedError&) {
    throw;
  } catch (const std::exception&) {
    SayWhatIsKept(c);
    throw;
  }
}

}  // namespace normsweep
