#include "harness/experiments/check/check_tables.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <utility>

#include "harness/report/text_table.h"

namespace normsweep {
namespace {

std::string Text(const ResultRow& row, const char* column) {
  const auto found = row.columns.find(column);
  if (found == row.columns.end()) return "";
  return found->is_string() ? found->get<std::string>() : found->dump();
}

std::string Suite(const ResultRow& row) {
  const std::string suite = Text(row, "suite");
  return suite.empty() ? "backends" : suite;
}

double Number(const ResultRow& row, const char* metric) {
  const auto found = row.result.metrics.find(metric);
  return found != row.result.metrics.end() && found->is_number() ? found->get<double>() : NAN;
}

std::string Short(double value) {
  if (std::isnan(value)) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.1e", value);
  return text;
}

// What a line stands for: the cells that name it.
std::vector<std::string> KeyOf(const ResultRow& row) {
  const std::string suite = Suite(row);
  if (suite == "backends") {
    return {Text(row, "normalizer"), Text(row, "backend"), Text(row, "layout")};
  }
  if (suite == "gradients") return {Text(row, "normalizer")};
  if (suite == "identities") return {Text(row, "identity"), Text(row, "backend")};
  return {Text(row, "mutant")};
}

std::vector<std::string> HeadOf(const std::string& suite) {
  if (suite == "backends") return {"normalizer", "backend", "layout"};
  if (suite == "gradients") return {"reference's gradients"};
  if (suite == "identities") return {"identity", "backend"};
  return {"mutant"};
}

double Ratio(const ResultRow& row) {
  const double ratio = Number(row, "worst_error") / Number(row, "tolerance");
  return std::isnan(ratio) ? 0 : ratio;
}

// "PASSED 18", "PASSED 15 PEER_LIMIT 3"
std::string Statuses(const std::vector<const ResultRow*>& rows) {
  std::map<std::string, int> counts;
  for (const ResultRow* row : rows) ++counts[row->result.status];
  std::string text;
  for (const auto& [status, count] : counts) {
    text += (text.empty() ? "" : " ") + status + " " + std::to_string(count);
  }
  return text;
}

std::vector<std::string> LineOf(std::vector<std::string> cells,
                                const std::vector<const ResultRow*>& rows) {
  // The worst of the rows that had to hold their tolerance.
  const ResultRow* worst = nullptr;
  for (const ResultRow* row : rows) {
    if (row->result.status == "SKIPPED" || row->result.status == "PEER_LIMIT") continue;
    if (worst == nullptr || Ratio(*row) > Ratio(*worst)) worst = row;
  }
  cells.push_back(worst == nullptr ? "" : Short(Number(*worst, "worst_error")));
  cells.push_back(worst == nullptr ? "" : Short(Number(*worst, "tolerance")));
  const bool has_place = worst != nullptr && worst->result.metrics.contains("worst_at");
  cells.push_back(has_place ? worst->result.metrics["worst_at"].get<std::string>() : "");
  cells.push_back(Statuses(rows));
  return cells;
}

void PrintSuite(const std::string& suite, const std::vector<const ResultRow*>& rows, int width,
                std::ostream* out) {
  std::vector<std::pair<std::vector<std::string>, std::vector<const ResultRow*>>> lines;
  for (const ResultRow* row : rows) {
    std::vector<std::string> key = KeyOf(*row);
    const auto found = std::find_if(lines.begin(), lines.end(),
                                    [&](const auto& line) { return line.first == key; });
    if (found == lines.end()) {
      lines.emplace_back(std::move(key), std::vector<const ResultRow*>{row});
    } else {
      found->second.push_back(row);
    }
  }
  TextTable table = {HeadOf(suite)};
  for (const char* head : {"worst error", "tolerance", "at", "rows"}) table[0].push_back(head);
  for (auto& [key, of_key] : lines) table.push_back(LineOf(std::move(key), of_key));
  *out << '\n';
  if (TableWidth(table) <= width) {
    PrintTable(table, out);
    return;
  }
  for (size_t i = 1; i < table.size(); ++i) {  // too narrow: a list
    std::string text;
    for (size_t cell = 0; cell < table[i].size(); ++cell) {
      if (table[i][cell].empty()) continue;
      text += (text.empty() ? "" : ", ") + table[0][cell] + " " + table[i][cell];
    }
    *out << text << '\n';
  }
}

void PrintReasons(const std::vector<ResultRow>& rows, std::ostream* out) {
  std::map<std::string, int> reasons;
  for (const ResultRow& row : rows) {
    const std::string& status = row.result.status;
    if (status != "SKIPPED" && status != "PEER_LIMIT" && status != "MISTRUSTED") continue;
    ++reasons[status + " " + Text(row, "backend") + " " + Text(row, "normalizer.name") + ": " +
              row.result.reason];
  }
  if (!reasons.empty()) *out << '\n';
  for (const auto& [reason, count] : reasons) *out << count << " x " << reason << '\n';
}

}  // namespace

void PrintCheckTables(const Config& /*config*/, const std::vector<ResultRow>& rows,
                      const TableStyle& style, std::ostream* out) {
  constexpr size_t kMostFailures = 20;
  for (const char* suite : {"backends", "gradients", "identities", "mutants"}) {
    std::vector<const ResultRow*> of_suite;
    for (const ResultRow& row : rows) {
      if (Suite(row) == suite) of_suite.push_back(&row);
    }
    if (!of_suite.empty()) PrintSuite(suite, of_suite, style.width, out);
  }
  PrintReasons(rows, out);
  std::vector<const ResultRow*> all;
  size_t failures = 0;
  for (const ResultRow& row : rows) {
    all.push_back(&row);
    if (row.result.status != "FAILED" || ++failures > kMostFailures) continue;
    *out << "\nFAILED " << row.coordinates << "\n  " << row.result.reason << "\n  " << row.repro
         << '\n';
  }
  if (failures > kMostFailures) {
    *out << "\n... and " << failures - kMostFailures << " more that FAILED\n";
  }
  *out << '\n' << Statuses(all) << '\n';
}

}  // namespace normsweep
