// Tables for a terminal.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace normsweep {

// First line: the heads. Every line has as many cells.
using TextTable = std::vector<std::vector<std::string>>;

// As the terminal counts: a character of UTF-8 is one column.
int DisplayWidth(const std::string& text);

int TableWidth(const TextTable& table);

// First column to the left, the others to the right.
void PrintTable(const TextTable& table, std::ostream* out);

}  // namespace normsweep
