#include "harness/run/progress.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <sstream>
#include <utility>
#include <vector>

#include "harness/report/text_table.h"

namespace normsweep {
namespace {

constexpr double kRedrawSeconds = 0.1;  // quick cases would write faster than a terminal shows
constexpr double kTableSeconds = 2;
constexpr double kTableShare = 0.02;  // of the time, at most, for tables: the cases need the cores
constexpr int kLeastWidth = 30, kLeastLines = 4;  // below it a table says nothing

// The first `width` characters of UTF-8.
std::string Cut(const std::string& line, int width) {
  size_t end = 0;
  for (int seen = 0; end < line.size(); ++end) {
    const bool begins = (static_cast<unsigned char>(line[end]) & 0xC0) != 0x80;
    if (begins && seen++ == width) break;
  }
  return line.substr(0, end);
}

// The lines that fit: the head, a mark for what is left out, and the last, where a run works.
std::vector<std::string> CutTable(const std::string& text, int width, int height) {
  std::vector<std::string> lines;
  std::istringstream all(text);
  for (std::string line; std::getline(all, line);) {
    if (!line.empty() || !lines.empty()) lines.push_back(Cut(line, width));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  const auto surplus = static_cast<std::ptrdiff_t>(lines.size()) - height;
  if (surplus > 0) {
    lines.erase(lines.begin() + 1, lines.begin() + 1 + surplus);
    lines[1] = "...";
  }
  return lines;
}

}  // namespace

std::string DurationText(double seconds) {
  const long long total = std::llround(seconds);
  const long long hours = total / 3600, minutes = total / 60 % 60, rest = total % 60;
  std::array<char, 64> text{};
  if (hours > 0) {
    std::snprintf(text.data(), text.size(), "%lld:%02lld:%02lld", hours, minutes, rest);
  } else {
    std::snprintf(text.data(), text.size(), "%lld:%02lld", minutes, rest);
  }
  return text.data();
}

Progress::Progress(std::string name, size_t total, Terminal terminal, std::ostream* out,
                   size_t already)
    : name_(std::move(name)),
      total_(total),
      already_(already),
      terminal_(std::move(terminal)),
      out_(out),
      shown_done_(already) {}

void Progress::Update(size_t done, double seconds, const LiveTable& table) {
  const std::string count = std::to_string(done) + "/" + std::to_string(total_);
  std::string text = name_ + ": " + count + " cases, " + DurationText(seconds);
  if (done > already_ && done < total_) {
    const double left =
        seconds * static_cast<double>(total_ - done) / static_cast<double>(done - already_);
    text += ", " + DurationText(left) + " left";
  }
  if (terminal_.interactive) {
    const bool new_table = RefreshTable(done, seconds, table);
    if (!new_table && line_open_ && done < total_ && seconds - shown_seconds_ < kRedrawSeconds) {
      return;
    }
    shown_seconds_ = seconds;
    Rewrite(text, count, new_table);
    return;
  }
  if (done == shown_done_) return;
  const bool tenth = done * 10 / total_ > shown_done_ * 10 / total_;
  const bool late = done > shown_done_ && seconds - shown_seconds_ >= 10;
  if (!tenth && !late) return;
  shown_done_ = done;
  shown_seconds_ = seconds;
  *out_ << text << std::endl;  // a log is read while it grows
}

// True when there is another table to show. With the last case come the results themselves.
bool Progress::RefreshTable(size_t done, double seconds, const LiveTable& table) {
  if (!table || !terminal_.height || done == table_done_ || done == total_) return false;
  if (seconds < next_table_seconds_) return false;
  const int width = terminal_.width() - 1;
  const int height = terminal_.height() - 2;  // the line, and one to spare
  std::vector<std::string> lines;
  const auto start = std::chrono::steady_clock::now();
  if (width >= kLeastWidth && height >= kLeastLines) lines = CutTable(table(width), width, height);
  const std::chrono::duration<double> cost = std::chrono::steady_clock::now() - start;
  next_table_seconds_ = seconds + std::max(kTableSeconds, cost.count() / kTableShare);
  table_done_ = done;
  table_.clear();
  for (const std::string& line : lines) table_ += line + "\x1b[K\n";
  table_lines_ = static_cast<int>(lines.size());
  return true;
}

// To the first column of the first line that is shown. In a window of another size nobody knows
// where that is: what stands above the line stays.
std::string Progress::TakeBack() {
  const int lines = std::exchange(open_table_lines_, 0);
  if (lines == 0 || terminal_.width() != open_width_ || terminal_.height() != open_height_) {
    return "\r";
  }
  return "\r\x1b[" + std::to_string(lines) + "A";
}

void Progress::Rewrite(const std::string& full, const std::string& brief, bool new_table) {
  // The last column stays free: a character there wraps the line on some terminals.
  const int room = terminal_.width() - 1;
  const std::string& text = DisplayWidth(full) <= room ? full : brief;
  if (DisplayWidth(text) > room) return Clear();
  if (new_table && (table_lines_ > 0 || open_table_lines_ > 0)) {
    *out_ << TakeBack() << table_ << text << "\x1b[J" << std::flush;
    open_table_lines_ = table_lines_;
    open_width_ = terminal_.width();
    open_height_ = terminal_.height();
  } else {
    *out_ << '\r' << text << "\x1b[K" << std::flush;
  }
  line_open_ = true;
}

void Progress::Clear() {
  if (!line_open_) return;
  const char* erase = open_table_lines_ > 0 ? "\x1b[J" : "\x1b[K";
  *out_ << TakeBack() << erase << std::flush;
  line_open_ = false;
}

}  // namespace normsweep
