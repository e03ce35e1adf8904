// Reads an object of a config key by key. Everything that does not fit throws ConfigError with the
// JSON pointer of the offender and what was expected.
#pragma once

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/config/config_error.h"

namespace normsweep {

int64_t RequireInteger(const nlohmann::json& value, int64_t least, const std::string& pointer,
                       int64_t most = std::numeric_limits<int64_t>::max());
double RequireNumber(const nlohmann::json& value, double least, double most,
                     const std::string& pointer);

class ConfigReader {
 public:
  // `json` must outlive the reader.
  ConfigReader(const nlohmann::json& json, std::string pointer);

  void Require(const char* key);  // an absent key is an error
  // Each leaves *value, the default, as it is where the key is absent.
  void Integer(const char* key, int64_t* value, int64_t least,
               int64_t most = std::numeric_limits<int64_t>::max());
  void Integer(const char* key, std::optional<int64_t>* value, int64_t least);  // or null
  void Number(const char* key, double* value, double least, double most);
  void Number(const char* key, std::optional<double>* value, double least, double most);
  void Positive(const char* key, double* value);  // above 0
  void Boolean(const char* key, bool* value);
  template <class T>
  void Choice(const char* key, T* value, const std::vector<std::pair<const char*, T>>& choices) {
    std::vector<std::string> names;
    names.reserve(choices.size());
    for (const auto& choice : choices) names.emplace_back(choice.first);
    if (const auto index = FindChoice(key, names)) *value = choices[*index].second;
  }
  // A list with at least one entry, or null where the key is absent.
  const nlohmann::json* Array(const char* key);
  // Whatever the key holds, or null where it is absent.
  const nlohmann::json* Any(const char* key);
  void Finish() const;  // a key that nothing above asked for is an error

  const std::string& pointer() const { return pointer_; }

 private:
  std::string Pointer(const char* key) const { return pointer_ + "/" + key; }
  std::optional<size_t> FindChoice(const char* key, const std::vector<std::string>& names);

  const nlohmann::json& json_;
  std::string pointer_;
  std::vector<std::string> known_;
};

}  // namespace normsweep
