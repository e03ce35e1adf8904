// Comma-separated values as RFC 4180 says, but for the line end, which is a line feed alone.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace normsweep {

// Rows of cells by column name. A column is there from the first row that has it on, so one that
// first appears late is not lost; where a row lacks it the cell is empty.
class CsvTable {
 public:
  void NewRow() { rows_.emplace_back(); }
  // Null and not finite: an empty cell. Numbers: shortest text that reads back the same.
  void Put(const std::string& column, const nlohmann::ordered_json& value);
  // Fixes the place of a column that no row has put yet.
  void Declare(const std::string& column) { ColumnOf(column); }
  std::string Text() const;

 private:
  size_t ColumnOf(const std::string& column);

  std::vector<std::string> columns_;
  std::map<std::string, size_t> places_;
  std::vector<std::vector<std::string>> rows_;
};

std::string CsvCell(const std::string& text);  // quoted where it must be

}  // namespace normsweep
