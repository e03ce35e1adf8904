#include "harness/report/results.h"

#include <filesystem>

#include "harness/claims/claim_tables.h"
#include "harness/report/csv.h"
#include "harness/report/files.h"
#include "harness/report/metrics.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

OrderedJson OrNull(const std::optional<double>& value) {
  return value ? OrderedJson(*value) : OrderedJson();
}

void PutColumns(const OrderedJson& columns, CsvTable* table) {
  for (const auto& [name, value] : columns.items()) table->Put(name, value);
}

// The swept columns stand first, whatever a row in the middle adds.
template <class Row>
void DeclareColumns(const std::vector<Row>& rows, CsvTable* table) {
  for (const Row& row : rows) {
    for (const auto& [name, unused] : row.columns.items()) table->Declare(name);
  }
}

OrderedJson RowJson(const ResultRow& row) {
  OrderedJson json;
  json["case"] = row.columns;
  json["hash"] = row.hash;
  json["status"] = row.result.status;
  json["reason"] = row.result.reason;
  json["metrics"] = WithReasons(row.result.metrics);
  json["timings"] = WithReasons(row.result.timings);
  if (!row.result.samples.empty()) json["samples"] = row.result.samples;
  json["repro"] = row.repro;
  return json;
}

OrderedJson SummaryJson(const SummaryRow& row) {
  OrderedJson json;
  json["case"] = row.columns;
  json["n"] = row.n;
  json["n_diverged"] = row.n_diverged;
  json["metrics"] = OrderedJson::object();
  for (const auto& [name, metric] : row.metrics) {
    OrderedJson& one = json["metrics"][name];
    one["mean"] = OrNull(metric.mean);
    one["sd"] = OrNull(metric.sd);
    one["ci95_low"] = OrNull(metric.ci95_low);
    one["ci95_high"] = OrNull(metric.ci95_high);
  }
  return json;
}

}  // namespace

std::string ResultsCsv(const std::vector<ResultRow>& rows) {
  CsvTable table;
  DeclareColumns(rows, &table);
  for (const ResultRow& row : rows) {
    for (const auto& [name, unused] : Flatten(row.result.metrics)) table.Declare(name);
  }
  for (const ResultRow& row : rows) {
    table.NewRow();
    PutColumns(row.columns, &table);
    for (const auto& [name, value] : Flatten(row.result.metrics)) table.Put(name, value);
    table.Put("status", row.result.status);
    table.Put("reason", row.result.reason);
    table.Put("repro", row.repro);
  }
  return table.Text();
}

std::string SummaryCsv(const std::vector<SummaryRow>& summary) {
  CsvTable table;
  DeclareColumns(summary, &table);
  for (const SummaryRow& row : summary) {
    table.NewRow();
    PutColumns(row.columns, &table);
    table.Put("n", row.n);
    table.Put("n_diverged", row.n_diverged);
    for (const auto& [name, metric] : row.metrics) {
      table.Put(name + "_mean", OrNull(metric.mean));
      table.Put(name + "_sd", OrNull(metric.sd));
      table.Put(name + "_ci95_low", OrNull(metric.ci95_low));
      table.Put(name + "_ci95_high", OrNull(metric.ci95_high));
    }
  }
  return table.Text();
}

std::string TimingsCsv(const std::vector<ResultRow>& rows) {
  CsvTable table;
  DeclareColumns(rows, &table);
  for (const ResultRow& row : rows) {
    table.NewRow();
    PutColumns(row.columns, &table);
    for (const auto& [name, value] : Flatten(row.result.timings)) table.Put(name, value);
  }
  return table.Text();
}

OrderedJson ResultsJson(const RunEnvironments& environments, const Config& config,
                        const std::vector<ResultRow>& rows, const std::vector<SummaryRow>& summary,
                        const std::vector<Judgement>& claims) {
  OrderedJson json;
  json["schema_version"] = 1;
  json["environment"] = environments.own;
  const bool several = environments.sessions.size() > 1;
  if (several) json["sessions"] = environments.sessions;
  json["config"] = config.document;
  json["rows"] = OrderedJson::array();
  for (const ResultRow& row : rows) {
    json["rows"].push_back(RowJson(row));
    if (several) json["rows"].back()["session"] = row.session;
  }
  json["summary"] = OrderedJson::array();
  for (const SummaryRow& row : summary) json["summary"].push_back(SummaryJson(row));
  json["claims"] = ClaimsJson(claims);
  return json;
}

void WriteResults(const std::string& folder, const RunEnvironments& environments,
                  const Config& config, const std::vector<ResultRow>& rows,
                  const std::vector<Judgement>& claims, const std::vector<ResultFile>& more) {
  const std::vector<SummaryRow> summary = Summarize(rows);
  const OrderedJson json = ResultsJson(environments, config, rows, summary, claims);
  FileSet files;
  // A path need not be UTF-8, but JSON is.
  files.Add(folder + "/results.json",
            json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n");
  files.Add(folder + "/results.csv", ResultsCsv(rows));
  if (!claims.empty()) files.Add(folder + "/claims.csv", ClaimsCsv(claims));
  files.Add(folder + "/summary.csv", SummaryCsv(summary));
  files.Add(folder + "/timings.csv", TimingsCsv(rows));
  for (const ResultFile& file : more) files.Add(folder + "/" + file.name, file.content);
  files.Commit();
  // What an earlier run left there would speak of other rows.
  if (claims.empty()) std::filesystem::remove(folder + "/claims.csv");
  std::filesystem::remove(folder + "/report.html");
}

}  // namespace normsweep
