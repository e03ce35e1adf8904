#include "harness/cli/merge_command.h"

#include <chrono>
#include <utility>

#include "harness/cli/conclude.h"
#include "harness/journal/run_output.h"
#include "harness/journal/shards.h"
#include "harness/report/files.h"

namespace normsweep {
namespace {

// How the first shard was run, for all: as in a single run, however the others named the config.
std::string CommandOf(const Journal& journal) {
  const std::string unknown = "normsweep run";
  return journal.sessions.empty() ? unknown : journal.sessions.front().value("repro", unknown);
}

int Merge(const MergeOptions& options, JoinedShards joined, double seconds,
          const Console& console) {
  Conclusion conclusion;
  conclusion.folder = options.output + "/" + joined.plan.config.name;
  conclusion.environments = EnvironmentsOf(joined.journal, options.command_line);
  const auto& selection = joined.journal.header["selection"];
  conclusion.judge_claims = selection["filter"] == "" && selection["case"] == "";
  conclusion.require_claims = options.require_claims;
  if (!options.no_report) conclusion.report = options.report;
  conclusion.interrupted = options.interrupted;
  conclusion.duration = DurationText(seconds);
  conclusion.runs_again = "the shards' own commands run";
  const auto rows = RowsOf(joined.plan, joined.journal, CommandOf(joined.journal));
  CreateFolder(conclusion.folder);
  // Locks the folder until all is written.
  RunOutput output(conclusion.folder, joined.journal.header, options.fresh);
  output.Replace(std::move(joined.journal));
  for (const std::string& remark : output.remarks()) {
    *console.err << "normsweep: " << remark << '\n';
  }
  return Conclude(joined.plan, rows, conclusion, console);
}

}  // namespace

int MergeCommand(const MergeOptions& options, std::span<const ExperimentKind> experiments,
                 const Console& console) {
  const auto start = std::chrono::steady_clock::now();
  JoinedShards joined;
  try {
    joined = JoinShards(LoadShards(options.folders), experiments);
  } catch (const Error& error) {
    return Complain(console, error, kBadUsage);
  } catch (const std::exception& error) {
    return Complain(console, error, kRunBroke);
  }
  try {
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return Merge(options, std::move(joined), seconds.count(), console);
  } catch (const RefusedError& error) {
    return Complain(console, error, kBadUsage);
  } catch (const std::exception& error) {
    return Complain(console, error, kRunBroke);
  }
}

}  // namespace normsweep
