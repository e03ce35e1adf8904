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
  RowSelector selected;  // "case"
  RowSelector against;
  std::string axis;  // of monotone and crossover: a swept path
  std::string with;  // of correlation: the other metric
  double by = 0;     // least effect; of equal: the margin
  double confidence = 0.95;
};

const char* Name(Expect expect);

// The document's claims, checked against the cases: throws ConfigError for columns that are not
// swept, values that no case has, and selectors that leave more open than the seed (or the axis).
std::vector<Claim> ReadClaims(const Config& config, const std::vector<SweepCase>& cases);

// Whether a row with these columns is among the selected.
bool Matches(const RowSelector& selector, const nlohmann::ordered_json& columns);

}  // namespace normsweep
