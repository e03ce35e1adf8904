// One config file: an experiment and its cases. Every mistake in it is a ConfigError before any
// work starts.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "harness/config/sweep.h"

namespace normsweep {

struct Config {
  std::string path;                 // as given
  std::string name;                 // of its folder of results
  std::string experiment;           // "check", "train"
  nlohmann::ordered_json document;  // with what --set changed
  std::vector<Axis> axes;
};

// One case: a config without a sweep.
struct SweepCase {
  nlohmann::json resolved;         // the document without $schema, name, sweep and claims
  nlohmann::ordered_json columns;  // "normalizer": "group(10)", "normalizer.groups": 10, "seed": 1
  std::string coordinates;         // "normalizer=group(10),batch_size=2,seed=1"
  std::string hash;                // of `resolved`, 16 hex digits
};

// `settings` are PATH=VALUE; the value is JSON, or else a string. A path that is swept then takes
// this value only; "sweep.PATH=[...]" sets an axis.
Config LoadConfig(const std::string& path, const std::vector<std::string>& settings = {});
Config MakeConfig(nlohmann::ordered_json document, const std::vector<std::string>& settings = {});

// In the order of the sweep. Checks each against the schema, and each normalizer's options.
std::vector<SweepCase> ExpandCases(const Config& config);

// A case that is not of the sweep's product: its columns are those swept paths that it has, then
// those of its keys that the document does not have, or has otherwise.
SweepCase MakeExtraCase(const Config& config, const nlohmann::json& resolved);

// The part of the document that every case shares.
nlohmann::json CommonPart(const Config& config);

// FNV-1a, 64 bits, of the JSON with sorted keys: the same on every machine and in every run.
std::string CaseHash(const nlohmann::json& resolved);

}  // namespace normsweep
