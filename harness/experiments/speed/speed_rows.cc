#include "harness/experiments/speed/speed_rows.h"

#include <algorithm>
#include <limits>

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

const Outcome* FindTimed(const std::vector<Outcome>& outcomes, const std::string& contestant) {
  for (const Outcome& one : outcomes) {
    if (one.contestant == contestant && !one.ns.empty()) return &one;
  }
  return nullptr;
}

// Of the better of the copies.
std::optional<double> CopyNs(const std::vector<Outcome>& outcomes) {
  std::optional<double> best;
  for (const Outcome& one : outcomes) {
    if (one.ns.empty() || FindContestant(one.contestant).role != Role::kCopy) continue;
    const double median = MedianOf(one.ns);
    best = std::min(best.value_or(median), median);
  }
  return best;
}

OrderedJson Columns(const SpeedCase& one, int threads, const std::string& contestant) {
  OrderedJson columns;
  columns["normalizer"] = one.label;
  columns["shape"] = one.shape_text;
  columns["layout"] = Name(one.shape.layout);
  columns["mode"] = one.mode;
  columns["cache"] = one.cold ? "cold" : "hot";
  columns["threads"] = threads;
  columns["contestant"] = contestant;
  return columns;
}

std::string Explain(const OutputError& error) {
  return error.output + " is off by " + OrderedJson(error.error).dump() + ", tolerance " +
         OrderedJson(error.tolerance).dump() + ": not timed";
}

void AddMetrics(const Outcome& one, CaseResult* row) {
  OrderedJson& metrics = row->metrics;
  if (!one.info.implementation.empty()) metrics["implementation"] = one.info.implementation;
  metrics["composite"] = one.info.composite;
  metrics["cost_bytes"] = one.cost_bytes;
  if (!one.check) return;
  metrics["worst_error"] = one.check->error;
  metrics["tolerance"] = one.check->tolerance;
  metrics["worst_at"] = one.check->output;
}

void AddTimes(const Outcome& one, const std::vector<Outcome>& outcomes, uint64_t seed,
              CaseResult* row) {
  OrderedJson& timings = row->timings;
  const double median = MedianOf(one.ns);
  const Interval interval = BootstrapMedian(one.ns, seed);
  timings["median_ns"] = median;
  timings["ci95_low_ns"] = interval.low;
  timings["ci95_high_ns"] = interval.high;
  if (one.cost_bytes > 0) timings["gb_per_s"] = static_cast<double>(one.cost_bytes) / median;
  const auto copy = CopyNs(outcomes);
  if (copy && one.cost_bytes > 0) timings["fraction_of_copy"] = *copy / median;
  if (one.info.creation_ns) timings["creation_ns"] = *one.info.creation_ns;
  if (one.info.reorder_ns) timings["reorder_ns"] = *one.info.reorder_ns;
  row->samples["ns"] = one.ns;
}

// Without a second native there is no floor, and then no verdict either.
void AddSpeedups(const Outcome& native, const std::vector<Outcome>& outcomes, uint64_t seed,
                 OrderedJson* timings) {
  std::optional<double> floor;
  if (const Outcome* again = FindTimed(outcomes, "native_again")) {
    floor = NoiseFloor(native.ns, again->ns, seed);
    (*timings)["noise_floor"] = *floor;
  }
  for (const Outcome& other : outcomes) {
    const Role role = FindContestant(other.contestant).role;
    if (&other == &native || other.ns.empty() || other.info.composite || role == Role::kEmpty) {
      continue;
    }
    const double speedup = MedianOf(other.ns) / MedianOf(native.ns);
    const Interval interval = BootstrapRatio(other.ns, native.ns, seed);
    const std::string over = "_over_" + other.contestant;
    (*timings)["speedup" + over] = speedup;
    (*timings)["speedup" + over + "_ci95_low"] = interval.low;
    (*timings)["speedup" + over + "_ci95_high"] = interval.high;
    if (floor) (*timings)["verdict" + over] = Verdict(speedup, *floor);
  }
}

}  // namespace

std::vector<CaseResult> SpeedRows(const SpeedCase& one, int threads,
                                  const std::vector<Outcome>& outcomes, uint64_t seed) {
  std::vector<CaseResult> rows;
  for (const Outcome& outcome : outcomes) {
    CaseResult row;
    row.columns = Columns(one, threads, outcome.contestant);
    row.status = outcome.check ? "PASSED" : "ok";
    if (!outcome.skipped.empty()) {
      row.status = "SKIPPED";
      row.reason = outcome.skipped;
    } else {
      AddMetrics(outcome, &row);
    }
    if (!outcome.passed()) {
      row.status = "FAILED";
      row.reason = outcome.broke.empty() ? Explain(*outcome.check) : outcome.broke;
    }
    if (!outcome.ns.empty()) {
      AddTimes(outcome, outcomes, seed, &row);
      if (outcome.contestant == "native") AddSpeedups(outcome, outcomes, seed, &row.timings);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace normsweep
