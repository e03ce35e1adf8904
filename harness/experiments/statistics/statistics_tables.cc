#include "harness/experiments/statistics/statistics_tables.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "harness/config/json_file.h"
#include "harness/report/summary.h"
#include "harness/report/text_table.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string Number(const SummaryRow& row, const char* metric, const char* format) {
  const MetricSummary* found = row.Find(metric);
  if (found == nullptr || !found->mean) return "-";
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), format, *found->mean);
  return text.data();
}

// The swept values but for those that make a table's lines and columns.
std::string TitleOf(const SummaryRow& row) {
  std::string title;
  for (const auto& [name, value] : row.columns.items()) {
    if (name == "layer" || name == "batch_size" || name.find('.') != std::string::npos) continue;
    title += (title.empty() ? "" : ", ") + name + "=" + PlainText(value);
  }
  return title;
}

template <class T>
void AddNew(const T& value, std::vector<T>* values) {
  if (std::find(values->begin(), values->end(), value) == values->end()) values->push_back(value);
}

void PrintOne(const std::vector<const SummaryRow*>& rows, std::ostream* out) {
  std::vector<OrderedJson> layers, sizes;
  std::map<std::pair<std::string, std::string>, const SummaryRow*> cells;
  for (const SummaryRow* row : rows) {
    const OrderedJson layer = row->columns["layer"],
                      size = row->columns.value("batch_size", OrderedJson(2));
    AddNew(layer, &layers);
    AddNew(size, &sizes);
    cells[{layer.dump(), size.dump()}] = row;
  }
  TextTable table = {{"layer", "rho"}};
  for (const OrderedJson& size : sizes) table[0].push_back(size.dump());
  table[0].push_back("enough");
  for (const OrderedJson& layer : layers) {
    const auto cell = [&](const OrderedJson& size) {
      const auto found = cells.find({layer.dump(), size.dump()});
      return found == cells.end() ? nullptr : found->second;
    };
    const SummaryRow* last = cell(sizes.back());
    table.push_back({layer.dump(), last == nullptr ? "-" : Number(*last, "rho", "%.2f")});
    for (const OrderedJson& size : sizes) {
      const SummaryRow* row = cell(size);
      table.back().push_back(row == nullptr ? "-"
                                            : Number(*row, "mean_error", "%.2f") + " (" +
                                                  Number(*row, "mean_error_theory", "%.2f") + ")");
    }
    table.back().push_back(last == nullptr ? "-" : Number(*last, "batch_size_for_level", "%.0f"));
  }
  PrintTable(table, out);
}

}  // namespace

void PrintStatisticsTables(const Config& config, const std::vector<ResultRow>& rows,
                           const TableStyle& /*style*/, std::ostream* out) {
  const std::vector<SummaryRow> summary = Summarize(rows);
  std::vector<std::string> titles;
  for (const SummaryRow& row : summary) AddNew(TitleOf(row), &titles);
  *out << "error of the batch mean in deviations of the population, by batch size: measured "
          "(sqrt(rho / n))\nenough: the batch size from which on it is below "
       << config.document.value("level", 0.1) << '\n';
  for (const std::string& title : titles) {
    *out << '\n';
    if (!title.empty()) *out << title << '\n';
    std::vector<const SummaryRow*> members;
    for (const SummaryRow& row : summary) {
      if (TitleOf(row) == title) members.push_back(&row);
    }
    PrintOne(members, out);
  }
}

}  // namespace normsweep
