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
nlohmann::ordered_json ResultsJson(const nlohmann::ordered_json& environment, const Config& config,
                                   const std::vector<ResultRow>& rows,
                                   const std::vector<SummaryRow>& summary,
                                   const std::vector<Judgement>& claims);

// Creates the folder and makes sure that a file can be written there. Throws Error.
void PrepareFolder(const std::string& folder);

// All of the files or, on an error (thrown), the old ones: each is written beside its place and
// moved there when all are complete.
void WriteResults(const std::string& folder, const nlohmann::ordered_json& environment,
                  const Config& config, const std::vector<ResultRow>& rows,
                  const std::vector<Judgement>& claims, const std::vector<ResultFile>& files);

}  // namespace normsweep
