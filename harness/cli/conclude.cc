#include "harness/cli/conclude.h"

#include <algorithm>
#include <utility>

#include "harness/claims/claim_tables.h"
#include "harness/claims/judge.h"
#include "harness/cli/repro.h"
#include "harness/report/environment.h"

namespace normsweep {
namespace {

std::vector<ResultFile> FilesOf(const Plan& plan, const std::vector<ResultRow>& rows) {
  std::vector<const CaseResult*> results;
  results.reserve(rows.size());
  for (const ResultRow& row : rows) results.push_back(&row.result);
  return plan.experiment->Files(results);
}

int StatusOf(const std::vector<ResultRow>& rows, const std::vector<Judgement>& claims,
             const Conclusion& conclusion, const Console& console) {
  const auto broken = std::count_if(rows.begin(), rows.end(),
                                    [](const ResultRow& row) { return IsBroken({row.result}); });
  if (broken > 0) {
    *console.err << "normsweep: " << broken << (broken == 1 ? " case" : " cases")
                 << " did not come to an end (status and reason in the results); "
                 << conclusion.runs_again << " what did not end again\n";
    return kRunBroke;
  }
  const bool failed = std::any_of(
      rows.begin(), rows.end(), [](const ResultRow& row) { return row.result.status == "FAILED"; });
  const bool supported = std::all_of(claims.begin(), claims.end(), [](const Judgement& one) {
    return one.verdict == Verdict::kSupported;
  });
  return failed || (conclusion.require_claims && !supported) ? kCheckFailed : kAllGood;
}

}  // namespace

ResultRow MakeRow(const SweepCase& one, CaseResult result, const std::string& repro,
                  int64_t session) {
  nlohmann::ordered_json columns = std::move(result.columns);
  for (const auto& [name, value] : one.columns.items()) {
    if (!columns.contains(name)) columns[name] = value;
  }
  return {std::move(columns), one.coordinates, one.hash, std::move(result), repro, session};
}

std::vector<ResultRow> RowsOf(const Plan& plan, const Journal& journal,
                              const std::string& command) {
  std::vector<ResultRow> rows;
  for (const SweepCase& one : plan.cases) {
    const JournalCase& found = journal.cases.at(one.hash);
    for (const CaseResult& result : found.rows) {
      rows.push_back(MakeRow(one, result, ReproLine(command, one.hash), found.session));
    }
  }
  return rows;
}

RunEnvironments EnvironmentsOf(const Journal& journal,
                               const std::vector<std::string>& command_line) {
  RunEnvironments environments{Environment(command_line), {}};
  for (const auto& session : journal.sessions) {
    environments.sessions.push_back(session.value("environment", nlohmann::ordered_json()));
  }
  return environments;
}

int Conclude(const Plan& plan, const std::vector<ResultRow>& rows, const Conclusion& conclusion,
             const Console& console) {
  const std::vector<Judgement> claims =
      conclusion.judge_claims ? Judge(plan.claims, rows) : std::vector<Judgement>();
  const std::string& folder = conclusion.folder;
  if (!folder.empty()) {
    WriteResults(folder, conclusion.environments, plan.config, rows, claims, FilesOf(plan, rows));
  }
  const TableStyle style{console.terminal.width(), console.utf8};
  if (!rows.empty()) plan.kind->print_tables(plan.config, rows, style, console.out);
  PrintClaims(claims, console.out);
  *console.out << '\n'
               << plan.config.name << ": " << plan.cases.size() << " cases in "
               << conclusion.duration << ", "
               << (folder.empty() ? "no files written for a part of the cases without --output"
                                  : "results in " + folder)
               << std::endl;
  const int status = StatusOf(rows, claims, conclusion, console);
  if (!folder.empty() && conclusion.report) {
    *console.out << conclusion.report(folder) << std::endl;
  }
  const std::atomic<int>* interrupted = conclusion.interrupted;
  const bool stopped = interrupted != nullptr && *interrupted != 0;
  return stopped ? kInterrupted + *interrupted : status;
}

}  // namespace normsweep
