#include "harness/report/check_table.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "harness/config/json_file.h"
#include "harness/report/metrics.h"
#include "harness/report/text_table.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kFolded = "input";
// The worst first; what is not listed comes last.
constexpr std::array kStatuses = {"FAILED", "MISTRUSTED", "PEER_LIMIT", "PASSED", "SKIPPED"};

size_t Rank(const std::string& status) {
  return static_cast<size_t>(std::find(kStatuses.begin(), kStatuses.end(), status) -
                             kStatuses.begin());
}

// A skipped case has no metrics.
std::optional<double> MetricOf(const ResultRow& row, const char* name) {
  const OrderedJson& metrics = row.result.metrics;
  return metrics.contains(name) ? FiniteNumber(metrics[name]) : std::nullopt;
}

// Of error to tolerance; below every ratio where there is none.
double Ratio(const ResultRow& row) {
  const auto error = MetricOf(row, "error");
  const auto tolerance = MetricOf(row, "tolerance");
  if (!error || !tolerance) return -1;
  return *error == 0 ? 0 : *error / *tolerance;
}

// Rows that differ in their input alone.
struct Line {
  OrderedJson columns;
  const ResultRow* worst_error;
  const ResultRow* worst_status;
  int cases;
};

std::vector<Line> Fold(const std::vector<ResultRow>& rows) {
  std::vector<Line> lines;
  std::map<std::string, size_t> places;
  for (const ResultRow& row : rows) {
    OrderedJson columns = row.columns;
    columns.erase(kFolded);
    const auto [place, is_new] = places.emplace(columns.dump(), lines.size());
    if (is_new) lines.push_back({columns, &row, &row, 0});
    Line& line = lines[place->second];
    ++line.cases;
    if (Ratio(row) > Ratio(*line.worst_error)) line.worst_error = &row;
    if (Rank(row.result.status) < Rank(line.worst_status->result.status)) line.worst_status = &row;
  }
  return lines;
}

// The columns to show: not those of an object's keys, which its label already has.
std::vector<std::string> Heads(const Config& config, const std::vector<Line>& lines) {
  std::vector<std::string> heads;
  const auto of_object = [&](const std::string& name) {
    return std::any_of(config.axes.begin(), config.axes.end(), [&](const Axis& axis) {
      return axis.values.front().is_object() && name.rfind(axis.path + ".", 0) == 0;
    });
  };
  for (const Line& line : lines) {
    for (const auto& [name, unused] : line.columns.items()) {
      if (of_object(name) || std::find(heads.begin(), heads.end(), name) != heads.end()) continue;
      heads.push_back(name);
    }
  }
  return heads;
}

std::string Scientific(const ResultRow& row, const char* metric) {
  const auto value = MetricOf(row, metric);
  if (!value) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1e", *value);
  return text.data();
}

std::string StatusOf(const Line& line) {
  const CaseResult& result = line.worst_status->result;
  return result.reason.empty() ? result.status : result.status + "(" + result.reason + ")";
}

TextTable MakeTable(const std::vector<Line>& lines, const std::vector<std::string>& heads) {
  TextTable table(1, heads);
  for (const char* head : {"cases", "error", "tolerance", "status"}) table[0].emplace_back(head);
  for (const Line& line : lines) {
    std::vector<std::string> cells;
    for (const std::string& head : heads) {
      cells.push_back(line.columns.contains(head) ? PlainText(line.columns[head]) : "");
    }
    cells.push_back(std::to_string(line.cases));
    cells.push_back(Scientific(*line.worst_error, "error"));
    cells.push_back(Scientific(*line.worst_error, "tolerance"));
    cells.push_back(StatusOf(line));
    table.push_back(std::move(cells));
  }
  return table;
}

void PrintList(const std::vector<Line>& lines, const std::vector<std::string>& heads,
               std::ostream* out) {
  for (const Line& line : lines) {
    std::string text;
    for (const std::string& head : heads) {
      if (!line.columns.contains(head)) continue;
      text += (text.empty() ? "" : ",") + head + "=" + PlainText(line.columns[head]);
    }
    *out << text << ": error " << Scientific(*line.worst_error, "error") << ", tolerance "
         << Scientific(*line.worst_error, "tolerance") << ", " << StatusOf(line) << '\n';
  }
}

void PrintCounts(const std::vector<ResultRow>& rows, std::ostream* out) {
  std::map<std::pair<size_t, std::string>, int> counts;
  for (const ResultRow& row : rows) {
    ++counts[{Rank(row.result.status), row.result.status}];
  }
  *out << '\n';
  for (const auto& [status, count] : counts) *out << status.second << ' ' << count << '\n';
}

}  // namespace

void PrintCheckTable(const Config& config, const std::vector<ResultRow>& rows,
                     const TableStyle& style, std::ostream* out) {
  const std::vector<Line> lines = Fold(rows);
  const std::vector<std::string> heads = Heads(config, lines);
  const TextTable table = MakeTable(lines, heads);
  if (TableWidth(table) <= style.width) {
    PrintTable(table, out);
  } else {
    PrintList(lines, heads, out);
  }
  PrintCounts(rows, out);
  for (const ResultRow& row : rows) {
    if (row.result.status != "FAILED") continue;
    *out << "FAILED " << row.coordinates << ": " << row.result.reason << "\n  " << row.repro
         << '\n';
  }
}

}  // namespace normsweep
