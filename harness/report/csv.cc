#include "harness/report/csv.h"

#include "harness/report/metrics.h"

namespace normsweep {
namespace {

std::string CellText(const nlohmann::ordered_json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_number_float()) return value.dump();
  const auto number = FiniteNumber(value);
  return number ? NumberText(*number) : "";
}

void AppendLine(const std::vector<std::string>& cells, size_t size, std::string* text) {
  for (size_t i = 0; i < size; ++i) {
    if (i > 0) *text += ',';
    if (i < cells.size()) *text += CsvCell(cells[i]);
  }
  *text += '\n';
}

}  // namespace

std::string CsvCell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

size_t CsvTable::ColumnOf(const std::string& column) {
  const auto [place, is_new] = places_.emplace(column, columns_.size());
  if (is_new) columns_.push_back(column);
  return place->second;
}

void CsvTable::Put(const std::string& column, const nlohmann::ordered_json& value) {
  const size_t place = ColumnOf(column);
  std::vector<std::string>& row = rows_.back();
  if (row.size() <= place) row.resize(place + 1);
  row[place] = CellText(value);
}

std::string CsvTable::Text() const {
  std::string text;
  AppendLine(columns_, columns_.size(), &text);
  for (const auto& row : rows_) AppendLine(row, columns_.size(), &text);
  return text;
}

}  // namespace normsweep
