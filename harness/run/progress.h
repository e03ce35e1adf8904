// How far a run is: on a terminal a table of what is known so far and one line, both rewritten in
// place; elsewhere plain lines.
#pragma once

#include <cstddef>
#include <functional>
#include <ostream>
#include <string>

namespace normsweep {

struct Terminal {
  bool interactive = false;     // may rewrite what it shows
  std::function<int()> width;   // asked anew each time: windows change
  std::function<int()> height;  // lines; none: unknown, and then no table is shown
};

// The results so far as lines of text for a terminal of `width` columns; may be empty.
using LiveTable = std::function<std::string(int width)>;

class Progress {
 public:
  // `name` of what runs, `total` cases, of which `already` were done before the clock started.
  // Prints to *out, which must outlive it.
  Progress(std::string name, size_t total, Terminal terminal, std::ostream* out,
           size_t already = 0);

  // `done` cases after `seconds`. On a terminal always shown, under `table`, which is asked for at
  // most every two seconds, after cases ended, and cut to the terminal; a small one shows the line
  // alone. Elsewhere a line at every tenth of the cases and every ten seconds that saw a case end.
  void Update(size_t done, double seconds, const LiveTable& table = {});
  void Clear();  // takes back what is on a terminal

 private:
  bool RefreshTable(size_t done, double seconds, const LiveTable& table);
  std::string TakeBack();
  void Rewrite(const std::string& full, const std::string& brief, bool new_table);

  std::string name_;
  size_t total_, already_;
  Terminal terminal_;
  std::ostream* out_;
  size_t shown_done_ = 0;
  double shown_seconds_ = 0;
  bool line_open_ = false;
  std::string table_;  // as it shall be shown: cut, each line with its end
  int table_lines_ = 0;
  size_t table_done_ = 0;  // what the table knows
  double next_table_seconds_ = 2;
  int open_table_lines_ = 0;              // as shown now, above the line
  int open_width_ = 0, open_height_ = 0;  // of the terminal when they were drawn
};

std::string DurationText(double seconds);  // "0:07", "12:34", "3:25:45"

}  // namespace normsweep
