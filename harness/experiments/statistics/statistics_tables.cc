#include "harness/experiments/statistics/statistics_tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <map>

#include "harness/config/json_file.h"
#include "harness/report/summary.h"
#include "harness/report/text_table.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

std::string Text(double value, const char* format) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

// Over seeds that differ the larger batch is the safe one.
std::string Enough(const SummaryRow& row) {
  const MetricSummary* found = row.Find("batch_size_for_level");
  if (found == nullptr || !found->mean) return "-";
  return std::to_string(std::llround(std::ceil(*found->mean)));
}

std::string Number(const SummaryRow& row, const char* metric, const char* format) {
  const MetricSummary* found = row.Find(metric);
  return found == nullptr || !found->mean ? "-" : Text(*found->mean, format);
}

// A config that sweeps no batch size has one, or the default.
OrderedJson SizeOf(const Config& config, const SummaryRow& row) {
  return row.columns.value("batch_size", config.document.value("batch_size", OrderedJson(2)));
}

bool IsNormalizer(const std::string& path) { return path.rfind("normalizer", 0) == 0; }

// The swept values but for those that make a table's lines and columns, and the normalizer, which
// the first table does not depend on.
std::string TitleOf(const Config& config, const SummaryRow& row) {
  std::string title;
  for (const Axis& axis : config.axes) {
    if (axis.path == "batch_size" || axis.path == "seed" || IsNormalizer(axis.path)) continue;
    title += (title.empty() ? "" : ", ") + axis.path + "=" + PlainText(row.columns[axis.path]);
  }
  return title;
}

template <class T>
void AddNew(const T& value, std::vector<T>* values) {
  if (std::find(values->begin(), values->end(), value) == values->end()) values->push_back(value);
}

void PrintOne(const Config& config, const std::vector<const SummaryRow*>& rows, std::ostream* out) {
  std::vector<OrderedJson> layers, sizes;
  std::map<std::pair<std::string, std::string>, const SummaryRow*> cells;
  for (const SummaryRow* row : rows) {
    const OrderedJson layer = row->columns["layer"], size = SizeOf(config, *row);
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
    table.back().push_back(last == nullptr ? "-" : Enough(*last));
  }
  PrintTable(table, out);
}

// The normalizer as the sweep calls it, with what else of it is swept.
std::string NormalizerOf(const Config& config, const SummaryRow& row) {
  const auto found = row.columns.find("normalizer");
  std::string name = found != row.columns.end()
                         ? PlainText(*found)
                         : ObjectLabel(config.document.value("normalizer", OrderedJson::object()));
  for (const Axis& axis : config.axes) {
    if (axis.path == "normalizer" || !IsNormalizer(axis.path)) continue;
    name +=
        " " + axis.path.substr(axis.path.find('.') + 1) + "=" + PlainText(row.columns[axis.path]);
  }
  return name;
}

// The mean over the layers; "-" where one of them has no value.
std::string OverLayers(const std::vector<const SummaryRow*>& layers, const char* metric) {
  double sum = 0;
  for (const SummaryRow* row : layers) {
    const MetricSummary* found = row->Find(metric);
    if (found == nullptr || !found->mean) return "-";
    sum += *found->mean;
  }
  return layers.empty() ? "-" : Text(sum / static_cast<double>(layers.size()), "%.3f");
}

void PrintDialects(const Config& config, const std::vector<const SummaryRow*>& rows,
                   std::ostream* out) {
  std::vector<std::string> names;
  std::vector<OrderedJson> sizes;
  std::map<std::pair<std::string, std::string>, std::vector<const SummaryRow*>> cells;
  for (const SummaryRow* row : rows) {
    const std::string name = NormalizerOf(config, *row);
    const OrderedJson size = SizeOf(config, *row);
    AddNew(name, &names);
    AddNew(size, &sizes);
    cells[{name, size.dump()}].push_back(row);
  }
  TextTable table = {{"normalizer"}};
  for (const OrderedJson& size : sizes) table[0].push_back(size.dump());
  for (const std::string& name : names) {
    table.push_back({name});
    for (const OrderedJson& size : sizes) {
      table.back().push_back(OverLayers(cells[{name, size.dump()}], "dialect_distance"));
    }
  }
  PrintTable(table, out);
}

using PrintGroup = std::function<void(const std::vector<const SummaryRow*>& rows)>;

// Each title with its rows.
void PrintByTitle(const Config& config, const std::vector<SummaryRow>& summary,
                  const PrintGroup& print, std::ostream* out) {
  std::vector<std::string> titles;
  for (const SummaryRow& row : summary) AddNew(TitleOf(config, row), &titles);
  for (const std::string& title : titles) {
    *out << '\n';
    if (!title.empty()) *out << title << '\n';
    std::vector<const SummaryRow*> members;
    for (const SummaryRow& row : summary) {
      if (TitleOf(config, row) == title) members.push_back(&row);
    }
    print(members);
  }
}

}  // namespace

void PrintStatisticsTables(const Config& config, const std::vector<ResultRow>& rows,
                           const TableStyle& /*style*/, std::ostream* out) {
  const std::vector<SummaryRow> summary = Summarize(rows);
  *out << "error of the batch mean in deviations of the population, by batch size:\n"
          "measured (sqrt(rho / n)); enough: the batch size from which on it is below "
       << config.document.value("level", 0.1) << '\n';
  const auto print_one = [&](const auto& members) { PrintOne(config, members, out); };
  PrintByTitle(config, summary, print_one, out);
  const bool any = std::any_of(summary.begin(), summary.end(), [](const SummaryRow& row) {
    return row.Find("dialect_distance") != nullptr;
  });
  if (!any) return;
  *out << "\neval output after training batches: distance from that of dialect pytorch, in\n"
          "deviations of the population, mean over the layers, by batch size\n";
  const auto print_dialects = [&](const auto& members) { PrintDialects(config, members, out); };
  PrintByTitle(config, summary, print_dialects, out);
}

}  // namespace normsweep
