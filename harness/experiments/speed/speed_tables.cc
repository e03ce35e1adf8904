#include "harness/experiments/speed/speed_tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>

#include "harness/config/json_file.h"
#include "harness/experiments/speed/statistics.h"
#include "harness/report/text_table.h"

namespace normsweep {
namespace {

constexpr std::array kOthers = {"onednn", "onednn_blocked", "torch"};
constexpr std::array kKey = {"normalizer", "layout", "mode", "cache", "threads"};

std::string Text(const ResultRow& row, const char* column) {
  const auto found = row.columns.find(column);
  return found == row.columns.end() ? "" : PlainText(*found);
}

double Timing(const ResultRow& row, const std::string& name) {
  const auto found = row.result.timings.find(name);
  return found == row.result.timings.end() ? NAN : found->get<double>();
}

std::string Fixed(double value, const char* format) {
  if (std::isnan(value)) return "";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

double GeometricMean(const std::vector<const ResultRow*>& rows, const std::string& timing) {
  double sum = 0;
  int count = 0;
  for (const ResultRow* row : rows) {
    const double value = Timing(*row, timing);
    if (std::isnan(value)) continue;
    sum += std::log(value);
    ++count;
  }
  return count == 0 ? NAN : std::exp(sum / count);
}

std::vector<std::string> LineOf(std::vector<std::string> cells,
                                const std::vector<const ResultRow*>& rows) {
  std::vector<double> fractions;
  const ResultRow* worst = nullptr;
  for (const ResultRow* row : rows) {
    const double fraction = Timing(*row, "fraction_of_copy");
    if (std::isnan(fraction)) continue;
    fractions.push_back(fraction);
    if (worst == nullptr || fraction < Timing(*worst, "fraction_of_copy")) worst = row;
  }
  cells.push_back(std::to_string(rows.size()));
  for (const char* other : kOthers) {
    cells.push_back(Fixed(GeometricMean(rows, std::string("speedup_over_") + other), "%.2f"));
  }
  cells.push_back(Fixed(MedianOf(fractions), "%.2f"));
  cells.push_back(worst == nullptr
                      ? ""
                      : Fixed(Timing(*worst, "fraction_of_copy"), "%.2f ") + Text(*worst, "shape"));
  return cells;
}

void PrintReasons(const std::vector<ResultRow>& rows, std::ostream* out) {
  std::map<std::string, int> reasons;
  for (const ResultRow& row : rows) {
    if (row.result.status != "SKIPPED") continue;
    ++reasons["SKIPPED " + Text(row, "contestant") + ": " + row.result.reason];
  }
  if (!reasons.empty()) *out << '\n';
  for (const auto& [reason, count] : reasons) *out << count << " x " << reason << '\n';
  for (const ResultRow& row : rows) {
    if (row.result.status != "FAILED") continue;
    *out << "\nFAILED " << Text(row, "contestant") << " " << row.coordinates << "\n  "
         << row.result.reason << "\n  " << row.repro << '\n';
  }
}

}  // namespace

void PrintSpeedTables(const Config& /*config*/, const std::vector<ResultRow>& rows,
                      const TableStyle& style, std::ostream* out) {
  std::vector<std::pair<std::vector<std::string>, std::vector<const ResultRow*>>> lines;
  for (const ResultRow& row : rows) {
    if (Text(row, "contestant") != "native" || !row.result.timings.contains("median_ns")) continue;
    std::vector<std::string> key;
    for (const char* column : kKey) key.push_back(Text(row, column));
    const auto found = std::find_if(lines.begin(), lines.end(),
                                    [&](const auto& line) { return line.first == key; });
    if (found == lines.end()) {
      lines.emplace_back(key, std::vector<const ResultRow*>{&row});
    } else {
      found->second.push_back(&row);
    }
  }
  TextTable table = {{kKey.begin(), kKey.end()}};
  for (const char* head : {"cases", "over onednn", "blocked", "torch", "of copy", "worst cell"}) {
    table[0].emplace_back(head);
  }
  for (const auto& [key, members] : lines) table.push_back(LineOf(key, members));
  *out << "native: geometric means of the speedup over each contestant, median fraction of the "
          "copy's speed\n\n";
  if (TableWidth(table) <= style.width) {
    PrintTable(table, out);
  } else {
    for (size_t i = 1; i < table.size(); ++i) {  // too narrow: a list
      std::string text;
      for (size_t cell = 0; cell < table[i].size(); ++cell) {
        if (table[i][cell].empty()) continue;
        const bool named = cell >= kKey.size();
        text += (text.empty() ? "" : ", ") + (named ? table[0][cell] + " " : "") + table[i][cell];
      }
      *out << text << '\n';
    }
  }
  PrintReasons(rows, out);
}

}  // namespace normsweep
