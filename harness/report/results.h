// The files of a run: results.json, results.csv, summary.csv, timings.csv, claims.csv where there
// are claims, and those that the experiment adds. results.csv, summary.csv and claims.csv hold
// nothing that differs between two runs (no time, no machine), so they are reproducible to the byte.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/claims/judge.h"
#include "harness/report/row.h"
#include "harness/report/summary.h"

namespace normsweep {

// One line per row: swept columns, metrics, status, reason, repro.
std::string ResultsCsv(const std::vector<ResultRow>& rows);
// One row per group of seeds: swept columns, n, n_diverged, and four columns per metric.
std::string SummaryCsv(const std::vector<SummaryRow>& summary);
// One line per row: swept columns and timings.
std::string TimingsCsv(const std::vector<ResultRow>& rows);
// On what a run was made: of the process that writes it and, where several ran its cases, of each of
// those.
struct RunEnvironments {
  nlohmann::ordered_json own;
  std::vector<nlohmann::ordered_json> sessions;
};

// With several sessions each row says which was its.
nlohmann::ordered_json ResultsJson(const RunEnvironments& environments, const Config& config,
                                   const std::vector<ResultRow>& rows,
                                   const std::vector<SummaryRow>& summary,
                                   const std::vector<Judgement>& claims);

// All of the files or, on an error (thrown), the old ones: each is written beside its place and
// moved there when all are complete.
void WriteResults(const std::string& folder, const RunEnvironments& environments,
                  const Config& config, const std::vector<ResultRow>& rows,
                  const std::vector<Judgement>& claims, const std::vector<ResultFile>& files);

}  // namespace normsweep
