// Rows that differ in nothing but their seed, as one.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/report/row.h"

namespace normsweep {

// Of one metric over the seeds; the interval is Student's t at 95 %, and there is neither it nor a
// standard deviation (n - 1 in its denominator) for one seed.
struct MetricSummary {
  std::optional<double> mean, sd, ci95_low, ci95_high;
};

struct SummaryRow {
  nlohmann::ordered_json columns;  // without "seed"
  int64_t n = 0;                   // seeds
  bool by_construction = false;    // run once: it does not depend on normalization_batch_size
  int64_t n_diverged = 0;          // of them; they count with the metrics of their row
  // In the order in which they appear. A metric that any of the n rows lacks, or has as no finite
  // number, has no mean: the mean of the others would flatter it.
  std::vector<std::pair<std::string, MetricSummary>> metrics;

  const MetricSummary* Find(const std::string& metric) const;  // null: no such metric
};

MetricSummary SummarizeValues(const std::vector<double>& values);
std::vector<SummaryRow> Summarize(const std::vector<ResultRow>& rows);

}  // namespace normsweep
