#include "harness/cli/merge_command.h"

#include <chrono>
#include <utility>

#include "harness/cli/conclude.h"
#include "harness/cli/repro.h"
#include "harness/journal/run_output.h"
#include "harness/journal/shards.h"
#include "harness/report/environment.h"

namespace normsweep {
namespace {

std::vector<ResultRow> RowsOf(const JoinedShards& joined) {
  std::vector<ResultRow> rows;
  for (const SweepCase& one : joined.plan.cases) {
    const JournalCase& found = joined.journal.cases.at(one.hash);
    const auto& session = joined.journal.sessions[static_cast<size_t>(found.session)];
    const std::string command = session.value("repro", std::string("normsweep run"));
    for (const CaseResult& result : found.rows) {
      rows.push_back(MakeRow(one, result, ReproLine(command, one.hash), found.session));
    }
  }
  return rows;
}

int Merge(const MergeOptions& options, const JoinedShards& joined, double seconds,
          const Console& console) {
  Conclusion conclusion;
  conclusion.folder = options.output + "/" + joined.plan.config.name;
  conclusion.environments.own = Environment(options.command_line);
  for (const auto& session : joined.journal.sessions) {
    conclusion.environments.sessions.push_back(
        session.value("environment", nlohmann::ordered_json()));
  }
  const auto& selection = joined.journal.header["selection"];
  conclusion.judge_claims = selection["filter"] == "" && selection["case"] == "";
  conclusion.require_claims = options.require_claims;
  if (!options.no_report) conclusion.report = options.report;
  conclusion.interrupted = options.interrupted;
  conclusion.duration = DurationText(seconds);
  WriteJournal(conclusion.folder, joined.journal, options.fresh);
  return Conclude(joined.plan, RowsOf(joined), conclusion, console);
}

int Complain(const Console& console, const std::exception& error, int status) {
  *console.err << "normsweep: " << error.what() << std::endl;
  return status;
}

}  // namespace

int MergeCommand(const MergeOptions& options, std::span<const ExperimentKind> experiments,
                 const Console& console) {
  const auto start = std::chrono::steady_clock::now();
  JoinedShards joined;
  try {
    joined = JoinShards(LoadShards(options.folders), experiments);
  } catch (const std::exception& error) {
    return Complain(console, error, kBadUsage);
  }
  try {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return Merge(options, joined, seconds.count(), console);
  } catch (const RefusedError& error) {
    return Complain(console, error, kBadUsage);
  } catch (const std::exception& error) {
    return Complain(console, error, kRunBroke);
  }
}

}  // namespace normsweep
