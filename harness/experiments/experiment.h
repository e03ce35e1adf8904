// An experiment turns one case of a sweep into rows of results, most often one. The runner
// (harness/run/) expands the config into cases, calls Run for each from `jobs` threads, and writes
// what comes back.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace normsweep {

// One row of what a case gave. `status` is "ok", "diverged" (train), or PASSED, FAILED, SKIPPED,
// PEER_LIMIT, MISTRUSTED (check, speed), or what an isolated case ended with (run/isolated_case.h);
// `reason` says why wherever there is something to say.
struct CaseResult {
  std::string status = "ok";
  std::string reason;
  nlohmann::ordered_json metrics;  // name -> number, string, or array of numbers (error per epoch);
                                   // reproducible to the bit
  nlohmann::ordered_json timings;  // name -> number: seconds, rates; never in results.csv
  // The result of another case: what this one sweeps has no effect on its normalizer.
  bool by_construction = false;
  // What tells this row from the others of its case; stands before the case's own columns.
  nlohmann::ordered_json columns = nlohmann::ordered_json::object();
  // name -> array of numbers; in results.json only.
  nlohmann::ordered_json samples = nlohmann::ordered_json::object();
  // What Files needs to know of this row; in no other file.
  nlohmann::ordered_json entries = nlohmann::ordered_json::array();
};

// A file of an experiment's own, to be written beside results.json.
struct ResultFile {
  std::string name;  // "benchmark.json"
  std::string content;
};

struct RunSettings {
  std::string data_directory;  // --data or NORMSWEEP_DATA; empty: none given
  int threads = 0;             // --threads, for check, speed and apply; 0: all cores
  int jobs = 0;                // --jobs: cases side by side; 0: all cores
};

class Experiment {
 public:
  virtual ~Experiment() = default;

  // Throws ConfigError, with a JSON pointer into the resolved case, for what the schema cannot see.
  // Called for every case before any work starts, so it must be cheap.
  virtual void Validate(const nlohmann::json& resolved_case) const = 0;

  // Cases that this one needs run first and does not report; cases that need the same share it.
  virtual std::vector<nlohmann::json> Trials(const nlohmann::json& /*resolved_case*/) const {
    return {};
  }

  // Whether the product of the sweep is cases. False: only ExtraCases are.
  virtual bool HasProduct(const nlohmann::json& /*config*/) const { return true; }

  // Cases beside those of the sweep's product (identities, mutants), each a whole resolved case.
  // `config` is the config file's document, its sweep included.
  virtual std::vector<nlohmann::json> ExtraCases(const nlohmann::json& /*config*/) const {
    return {};
  }

  // Bytes that one case takes while it runs, at its peak, beyond those that cases share: an upper
  // estimate, from its sizes alone. Asked before Validate, for every case, and so before anything
  // of these sizes is made; throws ConfigError as Validate does. Stays at the greatest int64_t
  // where it would overflow. Thread safe.
  virtual int64_t CaseBytes(const nlohmann::json& resolved_case) const = 0;

  // The same of what Prepare loads and keeps for these cases, at the peak of its loading, and of
  // what else of them stays in the experiment until its end.
  virtual int64_t SharedBytes(const std::vector<nlohmann::json>& resolved_cases) const = 0;

  // Called once before the first case with all of them; loads what they share (data sets). Throws
  // Error (exit status 3).
  virtual void Prepare(const std::vector<nlohmann::json>& resolved_cases,
                       const RunSettings& settings) = 0;

  // The rows of one case. Thread safe. A case that cannot finish is a row with its status and
  // reason; an exception means that the run broke.
  virtual std::vector<CaseResult> Run(const nlohmann::json& resolved_case) = 0;

  // Which data Prepare loaded: name -> checksum. Of two runs with other data the numbers are not
  // one run's.
  virtual nlohmann::ordered_json Data() const { return nlohmann::ordered_json::object(); }

  // Of all rows of a run, in the order of the cases; some may come from an earlier process.
  virtual std::vector<ResultFile> Files(const std::vector<const CaseResult*>& /*rows*/) const {
    return {};
  }
};

}  // namespace normsweep
