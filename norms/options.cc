#include "norms/options.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "norms/errors.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

[[noreturn]] void Fail(const std::string& name, const Json& value, const std::string& expected) {
  throw OptionError("/" + name, value.dump() + ", expected " + expected);
}

std::string Range(double least, double most) {
  if (std::isinf(most)) return "a number of " + Json(least).dump() + " or more";
  return "a number from " + Json(least).dump() + " to " + Json(most).dump();
}

double ReadNumber(const char* name, const Json& value, double least, double most,
                  const char* or_null) {
  if (!value.is_number()) Fail(name, value, Range(least, most) + or_null);
  const auto number = value.get<double>();
  if (!(number >= least && number <= most)) Fail(name, value, Range(least, most) + or_null);
  return number;
}

int64_t ReadInteger(const char* name, const Json& value, int64_t least, const char* or_null) {
  const std::string expected = "an integer of " + std::to_string(least) + " or more" + or_null;
  if (!value.is_number_integer()) Fail(name, value, expected);
  if (value.is_number_unsigned() && value.get<uint64_t>() > uint64_t{INT64_MAX}) {
    Fail(name, value, expected);
  }
  const auto number = value.get<int64_t>();
  if (number < least) Fail(name, value, expected);
  return number;
}

template <class T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

}  // namespace

OptionReader::OptionReader(const Json& options) : options_(options) {
  if (!options.is_object() && !options.is_null()) {
    throw OptionError("", options.dump() + ", expected an object of options");
  }
}

bool OptionReader::Has(const char* name) const { return options_.contains(name); }

const Json* OptionReader::Declare(const char* name, const Json& default_value, const char* help) {
  help_.push_back({name, default_value.dump(), help});
  const auto found = options_.find(name);
  return found == options_.end() ? nullptr : &*found;
}

void OptionReader::Number(const char* name, double* value, double least, double most,
                          const char* help) {
  const Json* given = Declare(name, *value, help);
  if (given != nullptr) *value = ReadNumber(name, *given, least, most, "");
  Resolve(name, *value);
}

void OptionReader::Number(const char* name, std::optional<double>* value, double least, double most,
                          const char* help) {
  const Json* given = Declare(name, OrNull(*value), help);
  if (given != nullptr && given->is_null()) value->reset();
  if (given != nullptr && !given->is_null()) {
    *value = ReadNumber(name, *given, least, most, ", or null");
  }
  Resolve(name, OrNull(*value));
}

void OptionReader::Integer(const char* name, int64_t* value, int64_t least, const char* help) {
  const Json* given = Declare(name, *value, help);
  if (given != nullptr) *value = ReadInteger(name, *given, least, "");
  Resolve(name, *value);
}

void OptionReader::Integer(const char* name, std::optional<int64_t>* value, int64_t least,
                           const char* help) {
  const Json* given = Declare(name, OrNull(*value), help);
  if (given != nullptr && given->is_null()) value->reset();
  if (given != nullptr && !given->is_null()) *value = ReadInteger(name, *given, least, ", or null");
  Resolve(name, OrNull(*value));
}

void OptionReader::Boolean(const char* name, bool* value, const char* help) {
  const Json* given = Declare(name, *value, help);
  if (given != nullptr) {
    if (!given->is_boolean()) Fail(name, *given, "true or false");
    *value = given->get<bool>();
  }
  Resolve(name, *value);
}

void OptionReader::Choice(const char* name, std::string* value,
                          std::span<const char* const> choices, const char* help) {
  const Json* given = Declare(name, *value, help);
  if (given != nullptr) {
    const std::string expected = "one of" + QuotedNames(choices);
    if (!given->is_string()) Fail(name, *given, expected);
    const auto& text = given->get_ref<const std::string&>();
    if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
      Fail(name, *given, expected);
    }
    *value = text;
  }
  Resolve(name, *value);
}

void OptionReader::Finish() const {
  if (options_.is_null()) return;
  for (const auto& item : options_.items()) {
    const std::string& name = item.key();
    const auto declared = [&](const OptionHelp& option) { return option.name == name; };
    if (std::any_of(help_.begin(), help_.end(), declared)) continue;
    throw OptionError("/" + name, "unknown option \"" + name + "\", expected " +
                                      (help_.empty() ? "no options" : "one of") +
                                      QuotedNames(help_, &OptionHelp::name));
  }
}

}  // namespace normsweep
