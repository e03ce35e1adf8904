#include "harness/report/summary.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>

#include "harness/report/metrics.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

// The numbers of one metric; whether the metric is one of numbers at all (an array's elements and
// every row that has it), and complete.
struct Collected {
  std::string name;
  std::vector<double> values;
  bool has_text = false;
};

std::vector<Collected> Collect(const std::vector<const ResultRow*>& rows) {
  std::vector<Collected> metrics;
  std::map<std::string, size_t> places;
  for (const ResultRow* row : rows) {
    for (const auto& [name, value] : Flatten(row->result.metrics)) {
      const auto [place, is_new] = places.emplace(name, metrics.size());
      if (is_new) metrics.push_back({name, {}, false});
      Collected& metric = metrics[place->second];
      metric.has_text = metric.has_text || value.is_string() || value.is_boolean();
      if (const auto number = FiniteNumber(value)) metric.values.push_back(*number);
    }
  }
  std::erase_if(metrics, [](const Collected& metric) { return metric.has_text; });
  return metrics;
}

SummaryRow SummarizeGroup(const OrderedJson& columns, const std::vector<const ResultRow*>& rows) {
  SummaryRow summary;
  summary.columns = columns;
  summary.n = static_cast<int64_t>(rows.size());
  summary.by_construction = std::any_of(
      rows.begin(), rows.end(), [](const ResultRow* row) { return row->result.by_construction; });
  summary.n_diverged = std::count_if(rows.begin(), rows.end(), [](const ResultRow* row) {
    return row->result.status == "diverged";
  });
  for (const Collected& metric : Collect(rows)) {
    const bool complete = metric.values.size() == rows.size();
    summary.metrics.emplace_back(metric.name,
                                 complete ? SummarizeValues(metric.values) : MetricSummary());
  }
  return summary;
}

}  // namespace

const MetricSummary* SummaryRow::Find(const std::string& metric) const {
  for (const auto& [name, summary] : metrics) {
    if (name == metric) return &summary;
  }
  return nullptr;
}

MetricSummary SummarizeValues(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  MetricSummary summary;
  double sum = 0;
  for (const double value : values) sum += value;
  const double mean = sum / n;
  summary.mean = mean;
  if (values.size() < 2) return summary;
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double sd = std::sqrt(squares / (n - 1));
  const double t = boost::math::quantile(boost::math::students_t(n - 1), 0.975);
  summary.sd = sd;
  summary.ci95_low = mean - t * sd / std::sqrt(n);
  summary.ci95_high = mean + t * sd / std::sqrt(n);
  return summary;
}

std::vector<SummaryRow> Summarize(const std::vector<ResultRow>& rows) {
  std::vector<std::pair<OrderedJson, std::vector<const ResultRow*>>> groups;
  std::map<std::string, size_t> places;
  for (const ResultRow& row : rows) {
    OrderedJson columns = row.columns;
    columns.erase("seed");
    const auto [place, is_new] = places.emplace(columns.dump(), groups.size());
    if (is_new) groups.emplace_back(columns, std::vector<const ResultRow*>());
    groups[place->second].second.push_back(&row);
  }
  std::vector<SummaryRow> summaries;
  summaries.reserve(groups.size());
  for (const auto& [columns, members] : groups) {
    summaries.push_back(SummarizeGroup(columns, members));
  }
  return summaries;
}

}  // namespace normsweep
