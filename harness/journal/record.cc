#include "harness/journal/record.h"

#include <zlib.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <utility>

#include "harness/config/json_file.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

constexpr const char* kNotFinite = "not_finite";
constexpr std::string_view kSumBegins = ",\"crc32\":\"";
constexpr std::string_view kSumEnds = "\"}";
constexpr size_t kSumDigits = 8;

std::string ChecksumOf(std::string_view text) {
  const uLong sum = crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size());
  std::array<char, 16> digits{};
  std::snprintf(digits.data(), digits.size(), "%08lx", sum);
  return digits.data();
}

OrderedJson Strict(const OrderedJson& value) {
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    if (std::isfinite(number)) return value;
    return {{kNotFinite, std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf"}};
  }
  if (!value.is_structured()) return value;
  OrderedJson strict = value;
  for (OrderedJson& one : strict) one = Strict(one);
  return strict;
}

OrderedJson Unstrict(const OrderedJson& value) {
  if (!value.is_structured()) return value;
  if (value.is_object() && value.size() == 1 && value.contains(kNotFinite)) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    const OrderedJson& which = value[kNotFinite];
    if (which == "nan") return std::numeric_limits<double>::quiet_NaN();
    if (which == "inf") return kInfinity;
    if (which == "-inf") return -kInfinity;
    throw Error("\"not_finite\": " + which.dump() + ", expected \"nan\", \"inf\" or \"-inf\"");
  }
  OrderedJson loose = value;
  for (OrderedJson& one : loose) one = Unstrict(one);
  return loose;
}

OrderedJson RowToJson(const CaseResult& row) {
  OrderedJson json;
  json["status"] = row.status;
  json["reason"] = row.reason;
  if (row.by_construction) json["by_construction"] = true;
  for (const auto& [key, value] :
       {std::pair{"columns", &row.columns}, std::pair{"metrics", &row.metrics},
        std::pair{"timings", &row.timings}, std::pair{"samples", &row.samples},
        std::pair{"entries", &row.entries}}) {
    if (!value->empty()) json[key] = Strict(*value);
  }
  return json;
}

CaseResult RowFromJson(const OrderedJson& json) {
  if (!json.is_object()) throw Error("a row is no object");
  CaseResult row;
  const auto take = [&](const char* key, auto right_type, OrderedJson* to) {
    const auto found = json.find(key);
    if (found == json.end()) return;
    if (!((*found).*right_type)()) throw Error(std::string("\"") + key + "\" is of another type");
    *to = Unstrict(*found);
  };
  OrderedJson status, reason, by_construction = false;
  take("status", &OrderedJson::is_string, &status);
  take("reason", &OrderedJson::is_string, &reason);
  take("by_construction", &OrderedJson::is_boolean, &by_construction);
  take("columns", &OrderedJson::is_object, &row.columns);
  take("metrics", &OrderedJson::is_object, &row.metrics);
  take("timings", &OrderedJson::is_object, &row.timings);
  take("samples", &OrderedJson::is_object, &row.samples);
  take("entries", &OrderedJson::is_array, &row.entries);
  if (!status.is_string() || !reason.is_string()) throw Error("a row has no status or no reason");
  row.status = status.get<std::string>();
  row.reason = reason.get<std::string>();
  row.by_construction = by_construction.get<bool>();
  return row;
}

}  // namespace

std::string SealLine(const OrderedJson& object) {
  std::string line = object.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
  const std::string sum = ChecksumOf(line);
  line.pop_back();  // the brace
  line.append(kSumBegins).append(sum).append(kSumEnds);
  if (line.size() > kMaxJournalLine) {
    throw Error("a line of " + std::to_string(line.size()) + " bytes, expected at most " +
                std::to_string(kMaxJournalLine));
  }
  return line;
}

std::optional<OrderedJson> OpenLine(std::string_view line) {
  constexpr size_t kTail = kSumBegins.size() + kSumDigits + kSumEnds.size();
  if (line.size() < kTail || line.size() > kMaxJournalLine) return std::nullopt;
  const std::string_view tail = line.substr(line.size() - kTail);
  const std::string body = std::string(line.substr(0, line.size() - kTail)) + "}";
  const std::string expected = std::string(kSumBegins) + ChecksumOf(body) + std::string(kSumEnds);
  if (tail != expected) return std::nullopt;
  try {
    OrderedJson json = ParseJson(body);
    if (!json.is_object()) return std::nullopt;
    return json;
  } catch (const Error&) {
    return std::nullopt;
  }
}

OrderedJson RowsToJson(const std::vector<CaseResult>& rows) {
  OrderedJson json = OrderedJson::array();
  for (const CaseResult& row : rows) json.push_back(RowToJson(row));
  return json;
}

std::vector<CaseResult> RowsFromJson(const OrderedJson& json) {
  if (!json.is_array()) throw Error("\"rows\" is no array");
  std::vector<CaseResult> rows;
  rows.reserve(json.size());
  for (const OrderedJson& row : json) rows.push_back(RowFromJson(row));
  return rows;
}

}  // namespace normsweep
