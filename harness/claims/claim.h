// A claim: a published statement about the results of a sweep, as data. configs/schema.json
// describes its keys.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/config/config.h"

namespace normsweep {

enum class Expect { kGreater, kLess, kEqual, kRising, kFalling, kCrossover, kCorrelation };

// Columns of a row, and the values they must have: {"normalizer.name": "batch", "batch_size": 2}.
using RowSelector = nlohmann::ordered_json;

struct Claim {
  std::string name;
  std::string source;  // paper and section
  std::string metric;
  Expect expect = Expect::kGreater;
  RowSelector selected;        // "case"; of a case with several rows the mean counts
  RowSelector against;         // where it is not given, but `with` is: the same cases
  std::optional<double> than;  // in place of `against`: a number
  std::string axis;            // of rising, falling and crossover: a swept path
  std::string with;            // the metric of the other side; of correlation: the other metric
  // Where it is not empty, `metric` stands for its difference from that of the row which is as
  // `relative_to` says and else, in all columns but those of the paths `varied`, as the row itself.
  RowSelector relative_to;
  std::vector<std::string> varied;
  double by = 0;  // least effect; of equal: the margin
  double confidence = 0.95;
};

const char* Name(Expect expect);

// The document's claims, checked against the cases: throws ConfigError for columns that are not
// swept, values that no case has, and selectors that leave more open than the seed (or the axis).
std::vector<Claim> ReadClaims(const Config& config, const std::vector<SweepCase>& cases);

// Whether `other` has the columns that a row with these columns is relative to.
bool IsBaseline(const Claim& claim, const nlohmann::ordered_json& columns,
                const nlohmann::ordered_json& other);

// Whether a row with these columns is among the selected.
bool Matches(const RowSelector& selector, const nlohmann::ordered_json& columns);

}  // namespace normsweep
