#include "harness/report/text_table.h"

#include <algorithm>
#include <numeric>

namespace normsweep {
namespace {

constexpr int kGap = 2;

std::vector<int> Widths(const TextTable& table) {
  std::vector<int> widths;
  for (const auto& line : table) {
    widths.resize(std::max(widths.size(), line.size()), 0);
    for (size_t i = 0; i < line.size(); ++i) {
      widths[i] = std::max(widths[i], DisplayWidth(line[i]));
    }
  }
  return widths;
}

std::string Spaces(int count) { return std::string(static_cast<size_t>(std::max(count, 0)), ' '); }

}  // namespace

int DisplayWidth(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // not a continuation byte
  }));
}

int TableWidth(const TextTable& table) {
  const std::vector<int> widths = Widths(table);
  const int gaps = kGap * std::max(0, static_cast<int>(widths.size()) - 1);
  return std::accumulate(widths.begin(), widths.end(), gaps);
}

void PrintTable(const TextTable& table, std::ostream* out) {
  const std::vector<int> widths = Widths(table);
  for (const auto& line : table) {
    std::string text;
    for (size_t i = 0; i < line.size(); ++i) {
      const std::string padding = Spaces(widths[i] - DisplayWidth(line[i]));
      text += i == 0 ? line[i] + padding : Spaces(kGap) + padding + line[i];
    }
    text.erase(text.find_last_not_of(' ') + 1);
    *out << text << '\n';
  }
}

}  // namespace normsweep
