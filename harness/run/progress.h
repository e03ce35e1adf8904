// How far a run is: on a terminal one line that is rewritten in place, elsewhere plain lines.
#pragma once

#include <cstddef>
#include <functional>
#include <ostream>
#include <string>

namespace normsweep {

struct Terminal {
  bool interactive = false;    // may rewrite a line
  std::function<int()> width;  // asked anew each time: windows change
};

class Progress {
 public:
  // `name` of what runs, `total` cases. Prints to *out, which must outlive it.
  Progress(std::string name, size_t total, Terminal terminal, std::ostream* out);

  // `done` cases after `seconds`. On a terminal always shown; elsewhere at every tenth of the cases
  // and every ten seconds that saw a case end.
  void Update(size_t done, double seconds);
  void Clear();  // the line of a terminal

 private:
  void Rewrite(const std::string& full, const std::string& brief);

  std::string name_;
  size_t total_;
  Terminal terminal_;
  std::ostream* out_;
  size_t shown_done_ = 0;
  double shown_seconds_ = 0;
  bool line_open_ = false;
};

std::string DurationText(double seconds);  // "0:07", "12:34", "3:25:45"

}  // namespace normsweep
