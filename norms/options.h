// Reads a normalizer's options from JSON. Each option is declared once, where it is read, with its
// name, target and help; unknown names, wrong types and impossible values throw OptionError with
// the JSON pointer of the offender.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace normsweep {

struct OptionHelp {
  std::string name;
  std::string default_value;  // as JSON
  std::string help;
};

class OptionReader {
 public:
  // `options` must be an object or null (no options) and outlive the reader.
  explicit OptionReader(const nlohmann::json& options);

  // Each leaves *value, the default, as it is where the option is absent.
  void Number(const char* name, double* value, double least, double most, const char* help);
  void Number(const char* name, std::optional<double>* value, double least, double most,
              const char* help);  // null is allowed: no value
  void Integer(const char* name, int64_t* value, int64_t least, const char* help);
  void Integer(const char* name, std::optional<int64_t>* value, int64_t least, const char* help);
  void Boolean(const char* name, bool* value, const char* help);
  void Choice(const char* name, std::string* value, std::span<const char* const> choices,
              const char* help);

  bool Has(const char* name) const;
  // For an option that another one puts out of force.
  void Override(const char* name, nlohmann::json value) { Resolve(name, std::move(value)); }
  // Throws OptionError for a name that no declaration above took. Call it last.
  void Finish() const;

  const nlohmann::json& resolved() const { return resolved_; }  // every option's value in force
  const std::vector<OptionHelp>& help() const { return help_; }

 private:
  const nlohmann::json* Declare(const char* name, const nlohmann::json& default_value,
                                const char* help);
  void Resolve(const char* name, nlohmann::json value) { resolved_[name] = std::move(value); }

  const nlohmann::json& options_;
  nlohmann::json resolved_ = nlohmann::json::object();
  std::vector<OptionHelp> help_;
};

}  // namespace normsweep
