#include "harness/report/error_tables.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <set>

#include "harness/config/json_file.h"
#include "harness/report/summary.h"
#include "harness/report/text_table.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kMetric = "test_error";

std::string Fixed(double value) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.1f", value);
  return text.data();
}

const Axis* FindAxis(const std::vector<Axis>& axes, bool of_objects, const Axis* other) {
  for (const Axis& axis : axes) {
    if (&axis == other || axis.path == "seed") continue;
    if (axis.values.front().is_object() == of_objects) return &axis;
  }
  return nullptr;
}

// Which axis is whose: `lines` and `columns` may be null, where too little is swept.
struct Pivot {
  const Axis* lines;
  const Axis* columns;
  std::vector<const Axis*> rest;  // one table per combination
};

Pivot MakePivot(const std::vector<Axis>& axes) {
  Pivot pivot{FindAxis(axes, true, nullptr), FindAxis(axes, false, nullptr), {}};
  if (pivot.lines == nullptr) {
    pivot.lines = pivot.columns;
    pivot.columns = FindAxis(axes, false, pivot.lines);
  }
  for (const Axis& axis : axes) {
    if (&axis == pivot.lines || &axis == pivot.columns || axis.path == "seed") continue;
    pivot.rest.push_back(&axis);
  }
  return pivot;
}

std::string LabelIn(const SummaryRow& row, const Axis* axis) {
  return axis == nullptr ? "" : PlainText(row.columns.value(axis->path, OrderedJson()));
}

std::string TitleOf(const SummaryRow& row, const Pivot& pivot) {
  std::string title;
  for (const Axis* axis : pivot.rest) {
    title += (title.empty() ? "" : ", ") + axis->path + "=" + LabelIn(row, axis);
  }
  return title;
}

std::string Cell(const SummaryRow& row, const TableStyle& style) {
  const MetricSummary* metric = row.Find(kMetric);
  if (metric == nullptr || !metric->mean) return "-";
  std::string text = Fixed(*metric->mean);
  if (metric->ci95_high) {
    text += (style.utf8 ? " \u00b1" : " +-") + Fixed(*metric->ci95_high - *metric->mean);
  }
  if (row.n_diverged > 0) text += " !" + std::to_string(row.n_diverged);
  return text;
}

// In the order of the axis: of a run that goes on, later values may come before earlier ones.
std::vector<std::string> Distinct(const std::vector<const SummaryRow*>& rows, const Axis* axis) {
  std::set<std::string> found;
  for (const SummaryRow* row : rows) found.insert(LabelIn(*row, axis));
  std::vector<std::string> labels;
  if (axis != nullptr) {
    for (const OrderedJson& value : axis->labels) {
      if (found.erase(PlainText(value)) > 0) labels.push_back(PlainText(value));
    }
  }
  labels.insert(labels.end(), found.begin(), found.end());
  return labels;
}

TextTable MakeTable(const std::vector<const SummaryRow*>& rows, const Pivot& pivot,
                    const TableStyle& style) {
  const std::vector<std::string> lines = Distinct(rows, pivot.lines);
  const std::vector<std::string> columns = Distinct(rows, pivot.columns);
  TextTable table(lines.size() + 1, std::vector<std::string>(columns.size() + 1, "-"));
  table[0][0] = pivot.columns == nullptr ? "" : pivot.columns->path;
  for (size_t j = 0; j < columns.size(); ++j) table[0][j + 1] = columns[j];
  for (size_t i = 0; i < lines.size(); ++i) {
    const bool marked = std::any_of(rows.begin(), rows.end(), [&](const SummaryRow* row) {
      return row->by_construction && LabelIn(*row, pivot.lines) == lines[i];
    });
    table[i + 1][0] = lines[i] + (marked ? "*" : "");
  }
  for (const SummaryRow* row : rows) {
    const auto line = std::find(lines.begin(), lines.end(), LabelIn(*row, pivot.lines));
    const auto column = std::find(columns.begin(), columns.end(), LabelIn(*row, pivot.columns));
    table[static_cast<size_t>(line - lines.begin()) + 1]
         [static_cast<size_t>(column - columns.begin()) + 1] = Cell(*row, style);
  }
  return table;
}

void PrintList(const std::vector<const SummaryRow*>& rows, const Pivot& pivot,
               const TableStyle& style, std::ostream* out) {
  for (const SummaryRow* row : rows) {
    *out << LabelIn(*row, pivot.lines);
    if (pivot.columns != nullptr) {
      *out << ", " << pivot.columns->path << "=" << LabelIn(*row, pivot.columns);
    }
    *out << ": " << Cell(*row, style) << '\n';
  }
}

bool IsSwept(const std::vector<Axis>& axes, const std::string& path) {
  return std::any_of(axes.begin(), axes.end(), [&](const Axis& axis) { return axis.path == path; });
}

void PrintHeading(const Config& config, const std::vector<SummaryRow>& summary,
                  const TableStyle& style, std::ostream* out) {
  int64_t least = summary.front().n, most = least, diverged = 0;
  for (const SummaryRow& row : summary) {
    least = std::min(least, row.n);
    most = std::max(most, row.n);
    diverged += row.n_diverged;
  }
  *out << "test error in %";
  if (most > 1) {
    *out << ": mean " << (style.utf8 ? "\u00b1" : "+-") << " half of the 95 % interval, "
         << (least == most ? "" : std::to_string(least) + " to ") << most << " seeds";
  }
  const auto select = config.document.find("select");
  if (select != config.document.end()) {
    *out << "; " << select->value("path", "") << " selected for each normalizer and batch size";
  } else if (!IsSwept(config.axes, "training.learning_rate")) {
    *out << "; one learning rate for all";
  }
  *out << '\n';
  if (std::any_of(summary.begin(), summary.end(),
                  [](const SummaryRow& row) { return row.by_construction; })) {
    *out << "*: does not depend on normalization_batch_size, one run for all: flat by "
            "construction\n";
  }
  if (diverged > 0) *out << "!n: n seeds diverged, counted at chance error\n";
}

}  // namespace

void PrintErrorTables(const Config& config, const std::vector<ResultRow>& rows,
                      const TableStyle& style, std::ostream* out) {
  const std::vector<SummaryRow> summary = Summarize(rows);
  if (summary.empty()) return;
  const Pivot pivot = MakePivot(config.axes);
  PrintHeading(config, summary, style, out);
  std::vector<std::pair<std::string, std::vector<const SummaryRow*>>> tables;
  for (const SummaryRow& row : summary) {
    const std::string title = TitleOf(row, pivot);
    auto table = std::find_if(tables.begin(), tables.end(),
                              [&](const auto& entry) { return entry.first == title; });
    if (table == tables.end()) table = tables.insert(tables.end(), {title, {}});
    table->second.push_back(&row);
  }
  for (const auto& [title, members] : tables) {
    *out << '\n';
    if (!title.empty()) *out << title << '\n';
    const TextTable table = MakeTable(members, pivot, style);
    if (TableWidth(table) <= style.width) {
      PrintTable(table, out);
    } else {
      PrintList(members, pivot, style, out);
    }
  }
}

}  // namespace normsweep
