#include "harness/experiments/check/check_experiment.h"

#include <malloc.h>

#include <algorithm>
#include <span>

#include "harness/config/config_error.h"
#include "harness/experiments/check/check_memory.h"
#include "harness/experiments/check/fill.h"
#include "harness/experiments/check/identities.h"
#include "harness/experiments/check/mutants.h"
#include "harness/experiments/check/suites.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

// The values of one key of a config, swept or not.
std::vector<Json> ValuesOf(const Json& config, const std::string& key) {
  if (config.contains("sweep") && config["sweep"].contains(key)) {
    return config["sweep"][key].get<std::vector<Json>>();
  }
  if (config.contains(key)) return {config[key]};
  return {};
}

void CheckName(const Json& resolved_case, const char* key, std::span<const char* const> known) {
  const auto value = resolved_case.find(key);
  for (const char* name : known) {
    if (value != resolved_case.end() && *value == name) return;
  }
  const std::string got = value == resolved_case.end() ? "missing" : value->dump();
  throw ConfigError(std::string("/") + key, got + ", expected one of" + QuotedNames(known));
}

class CheckExperiment final : public Experiment {
 public:
  void Validate(const Json& resolved_case) const override {
    if (resolved_case.contains("mutant")) {
      std::vector<const char*> names;
      for (const Mutant& mutant : Mutants()) names.push_back(mutant.name);
      CheckName(resolved_case, "mutant", names);
    }
    if (resolved_case.contains("suite")) return;  // made by ExtraCases
    constexpr const char* kLayouts[] = {"channels_first", "channels_last"};
    constexpr const char* kModes[] = {"train", "batch_statistics", "eval"};
    CheckName(resolved_case, "backend", Backends());
    CheckName(resolved_case, "layout", kLayouts);
    CheckName(resolved_case, "mode", kModes);
    CheckName(resolved_case, "input", FillNames());
    if (!resolved_case.contains("normalizer")) {
      throw ConfigError("/normalizer", "missing, expected an object with a name");
    }
    const Json& shapes = resolved_case.at("shapes");
    for (size_t i = 0; i < shapes.size(); ++i) {
      try {
        MakeShape(shapes[i].get<std::vector<int64_t>>(), Layout::kChannelsFirst);
      } catch (const ShapeError& error) {
        throw ConfigError("/shapes/" + std::to_string(i), error.what());
      }
    }
  }

  std::vector<Json> ExtraCases(const Json& config) const override {
    std::vector<Json> cases;
    const std::vector<Json> normalizers = ValuesOf(config, "normalizer");
    if (config.value("gradients", false)) {
      for (const Json& normalizer : normalizers) {
        for (const Json& layout : ValuesOf(config, "layout")) {
          for (const Json& mode : ValuesOf(config, "mode")) {
            cases.push_back(Extra(
                "gradients", {{"normalizer", normalizer}, {"layout", layout}, {"mode", mode}}));
          }
        }
      }
    }
    if (config.value("identities", false)) {
      for (const Identity& identity : Identities()) {
        for (const char* backend : {"reference", "native"}) {
          cases.push_back(Extra("identities", {{"identity", identity.name}, {"backend", backend}}));
        }
      }
    }
    if (config.value("mutants", false)) AddMutants(config, normalizers, &cases);
    return cases;
  }

  int64_t CaseBytes(const Json& resolved_case) const override {
    return CheckBytes(resolved_case).value();
  }
  int64_t SharedBytes(const std::vector<Json>& /*resolved_cases*/) const override {
    return kKeptInputBytes;
  }

  // Cases allocate the same tensors again and again. Until a large block has been freed glibc gives
  // each back to the system and takes new pages, which that zeroes: check.json took 145 s so, and
  // 52 s with these two limits.
  void Prepare(const std::vector<Json>& /*resolved_cases*/,
               const RunSettings& /*settings*/) override {
    ::mallopt(M_MMAP_THRESHOLD, 32 << 20);  // the most that it takes
    ::mallopt(M_TRIM_THRESHOLD, 256 << 20);
  }

  std::vector<CaseResult> Run(const Json& resolved_case) override {
    const std::string suite = resolved_case.value("suite", "backends");
    if (suite == "gradients") return {RunGradientSuite(resolved_case)};
    if (suite == "identities") return {RunIdentitySuite(resolved_case)};
    if (suite == "mutants") return {RunMutantSuite(resolved_case)};
    return {RunBackendSuite(resolved_case)};
  }

 private:
  static Json Extra(const char* suite, Json keys) {
    keys["experiment"] = "check";
    keys["suite"] = suite;
    return keys;
  }

  // A mutant is put to the test as each of the config's variants of its normalizer.
  static void AddMutants(const Json& config, const std::vector<Json>& normalizers,
                         std::vector<Json>* cases) {
    Json shapes = Json::array();
    for (const Json& some : ValuesOf(config, "shapes")) {
      shapes.insert(shapes.end(), some.begin(), some.end());
    }
    for (const Mutant& mutant : Mutants()) {
      Json variants = Json::array();
      for (const Json& normalizer : normalizers) {
        if (normalizer.value("name", "") == mutant.normalizer) variants.push_back(normalizer);
      }
      if (variants.empty()) continue;
      cases->push_back(Extra(
          "mutants", {{"mutant", mutant.name}, {"normalizers", variants}, {"shapes", shapes}}));
    }
  }
};

}  // namespace

std::unique_ptr<Experiment> MakeCheckExperiment() { return std::make_unique<CheckExperiment>(); }

}  // namespace normsweep
