#include "harness/run/progress.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

#include "harness/report/text_table.h"

namespace normsweep {
namespace {

constexpr double kRedrawSeconds = 0.1;  // quick cases would write faster than a terminal shows

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

Progress::Progress(std::string name, size_t total, Terminal terminal, std::ostream* out)
    : name_(std::move(name)), total_(total), terminal_(std::move(terminal)), out_(out) {}

void Progress::Update(size_t done, double seconds) {
  const std::string count = std::to_string(done) + "/" + std::to_string(total_);
  std::string text = name_ + ": " + count + " cases, " + DurationText(seconds);
  if (done > 0 && done < total_) {
    const double left = seconds * static_cast<double>(total_ - done) / static_cast<double>(done);
    text += ", " + DurationText(left) + " left";
  }
  if (terminal_.interactive) {
    if (line_open_ && done < total_ && seconds - shown_seconds_ < kRedrawSeconds) return;
    shown_seconds_ = seconds;
    Rewrite(text, count);
    return;
  }
  const bool tenth = done * 10 / total_ > shown_done_ * 10 / total_;
  const bool late = done > shown_done_ && seconds - shown_seconds_ >= 10;
  if (!tenth && !late) return;
  shown_done_ = done;
  shown_seconds_ = seconds;
  *out_ << text << std::endl;  // a log is read while it grows
}

void Progress::Rewrite(const std::string& full, const std::string& brief) {
  // The last column stays free: a character there wraps the line on some terminals.
  const int room = terminal_.width() - 1;
  const std::string& text = DisplayWidth(full) <= room ? full : brief;
  if (DisplayWidth(text) > room) return Clear();
  *out_ << '\r' << text << "\x1b[K" << std::flush;
  line_open_ = true;
}

void Progress::Clear() {
  if (!line_open_) return;
  *out_ << "\r\x1b[K" << std::flush;
  line_open_ = false;
}

}  // namespace normsweep
