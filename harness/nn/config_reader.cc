#include "harness/nn/config_reader.h"

#include <algorithm>
#include <cmath>

namespace normsweep {
namespace {

using Json = nlohmann::json;

std::string Quoted(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "\"" : ", \"") + name + "\"";
  return text;
}

}  // namespace

int64_t RequireInteger(const Json& value, int64_t least, const std::string& pointer, int64_t most) {
  const bool fits = value.is_number_integer() &&
                    (!value.is_number_unsigned() || value.get<uint64_t>() <= uint64_t{INT64_MAX}) &&
                    value.get<int64_t>() >= least && value.get<int64_t>() <= most;
  if (fits) return value.get<int64_t>();
  std::string expected = "an integer of " + std::to_string(least) + " or more";
  if (most != std::numeric_limits<int64_t>::max()) {
    expected = "an integer from " + std::to_string(least) + " to " + std::to_string(most);
  }
  throw ConfigError(pointer, value.dump() + ", expected " + expected);
}

double RequireNumber(const Json& value, double least, double most, const std::string& pointer) {
  if (value.is_number() && value.get<double>() >= least && value.get<double>() <= most) {
    return value.get<double>();
  }
  const std::string range =
      std::isinf(most) ? "a number of " + Json(least).dump() + " or more"
                       : "a number from " + Json(least).dump() + " to " + Json(most).dump();
  throw ConfigError(pointer, value.dump() + ", expected " + range);
}

ConfigReader::ConfigReader(const Json& json, std::string pointer)
    : json_(json), pointer_(std::move(pointer)) {
  if (!json.is_object()) throw ConfigError(pointer_, json.dump() + ", expected an object");
}

const Json* ConfigReader::Any(const char* key) {
  known_.emplace_back(key);
  const auto found = json_.find(key);
  return found == json_.end() ? nullptr : &*found;
}

void ConfigReader::Require(const char* key) {
  if (!json_.contains(key)) {
    throw ConfigError(pointer_, "\"" + std::string(key) + "\" is missing");
  }
}

void ConfigReader::Integer(const char* key, int64_t* value, int64_t least, int64_t most) {
  if (const Json* given = Any(key)) *value = RequireInteger(*given, least, Pointer(key), most);
}

void ConfigReader::Integer(const char* key, std::optional<int64_t>* value, int64_t least) {
  const Json* given = Any(key);
  if (given == nullptr) return;
  value->reset();
  if (!given->is_null()) *value = RequireInteger(*given, least, Pointer(key));
}

void ConfigReader::Number(const char* key, double* value, double least, double most) {
  if (const Json* given = Any(key)) *value = RequireNumber(*given, least, most, Pointer(key));
}

void ConfigReader::Number(const char* key, std::optional<double>* value, double least,
                          double most) {
  const Json* given = Any(key);
  if (given == nullptr) return;
  value->reset();
  if (!given->is_null()) *value = RequireNumber(*given, least, most, Pointer(key));
}

void ConfigReader::Positive(const char* key, double* value) {
  const Json* given = Any(key);
  if (given == nullptr) return;
  if (!given->is_number() || !(given->get<double>() > 0)) {
    throw ConfigError(Pointer(key), given->dump() + ", expected a number above 0");
  }
  *value = given->get<double>();
}

void ConfigReader::Boolean(const char* key, bool* value) {
  const Json* given = Any(key);
  if (given == nullptr) return;
  if (!given->is_boolean()) {
    throw ConfigError(Pointer(key), given->dump() + ", expected true or false");
  }
  *value = given->get<bool>();
}

std::optional<size_t> ConfigReader::FindChoice(const char* key,
                                               const std::vector<std::string>& names) {
  const Json* given = Any(key);
  if (given == nullptr) return std::nullopt;
  const auto found = given->is_string()
                         ? std::find(names.begin(), names.end(), given->get<std::string>())
                         : names.end();
  if (found == names.end()) {
    throw ConfigError(Pointer(key), given->dump() + ", expected one of " + Quoted(names));
  }
  return static_cast<size_t>(found - names.begin());
}

const Json* ConfigReader::Array(const char* key) {
  const Json* given = Any(key);
  if (given != nullptr && (!given->is_array() || given->empty())) {
    throw ConfigError(Pointer(key), given->dump() + ", expected a list with at least one entry");
  }
  return given;
}

void ConfigReader::Finish() const {
  for (const auto& [key, value] : json_.items()) {
    if (std::find(known_.begin(), known_.end(), key) == known_.end()) {
      throw ConfigError((Json::json_pointer(pointer_) / key).to_string(),
                        "unknown key, expected one of " + Quoted(known_));
    }
  }
}

}  // namespace normsweep
