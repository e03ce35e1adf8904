#include "harness/report/metrics.h"

#include <array>
#include <charconv>
#include <cmath>

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

bool IsNotFinite(const OrderedJson& value) {
  return value.is_number_float() && !std::isfinite(value.get<double>());
}

std::string ReasonOf(const OrderedJson& value) {
  const auto number = value.get<double>();
  if (std::isnan(number)) return "not a number";
  return number > 0 ? "infinity" : "-infinity";
}

std::string ElementName(const std::string& name, size_t index) {
  std::string stem = name;
  const size_t per = stem.rfind("_per_");
  if (per != std::string::npos) stem.erase(per, 4);
  return stem + "_" + std::to_string(index + 1);
}

}  // namespace

std::vector<std::pair<std::string, OrderedJson>> Flatten(const OrderedJson& metrics) {
  std::vector<std::pair<std::string, OrderedJson>> flat;
  for (const auto& [name, value] : metrics.items()) {
    if (!value.is_array()) {
      flat.emplace_back(name, value);
      continue;
    }
    for (size_t i = 0; i < value.size(); ++i) flat.emplace_back(ElementName(name, i), value[i]);
  }
  return flat;
}

std::optional<double> FiniteNumber(const OrderedJson& value) {
  if (!value.is_number() || IsNotFinite(value)) return std::nullopt;
  return value.get<double>();
}

OrderedJson WithReasons(const OrderedJson& metrics) {
  OrderedJson strict = OrderedJson::object();
  for (const auto& [name, value] : metrics.items()) {
    OrderedJson& kept = strict[name] = value;
    std::string reason;
    if (IsNotFinite(value)) {
      kept = nullptr;
      reason = ReasonOf(value);
    }
    for (size_t i = 0; value.is_array() && i < value.size(); ++i) {
      if (!IsNotFinite(value[i])) continue;
      kept[i] = nullptr;
      if (reason.empty()) reason = ReasonOf(value[i]) + " at " + std::to_string(i + 1);
    }
    if (!reason.empty()) strict[name + "_reason"] = reason;
  }
  return strict;
}

std::string NumberText(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

}  // namespace normsweep
