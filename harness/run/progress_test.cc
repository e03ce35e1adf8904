#include "harness/run/progress.h"

#include <algorithm>
#include <chrono>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("durations") {
  CHECK(DurationText(0) == "0:00");
  CHECK(DurationText(7.4) == "0:07");
  CHECK(DurationText(59.6) == "1:00");
  CHECK(DurationText(754) == "12:34");
  CHECK(DurationText(12345) == "3:25:45");
}

TEST_CASE("without a terminal there is a line a tenth, or ten seconds, and no control character") {
  std::ostringstream out;
  Progress progress("p", 20, {false, [] { return 80; }, {}}, &out);
  progress.Update(0, 0);
  progress.Update(1, 1);
  CHECK(out.str().empty());
  progress.Update(2, 2);
  CHECK(out.str() == "p: 2/20 cases, 0:02, 0:18 left\n");
  progress.Update(2, 30);
  progress.Update(3, 31);
  CHECK(out.str() == "p: 2/20 cases, 0:02, 0:18 left\np: 3/20 cases, 0:31, 2:56 left\n");
  progress.Update(20, 40);
  progress.Clear();
  CHECK(out.str().substr(out.str().size() - 21) == "p: 20/20 cases, 0:40\n");
}

TEST_CASE("on a terminal one line is rewritten and at last cleared") {
  std::ostringstream out;
  Progress progress("p", 4, {true, [] { return 80; }, {}}, &out);
  progress.Update(1, 1);
  CHECK(out.str() == "\rp: 1/4 cases, 0:01, 0:03 left\x1b[K");
  progress.Update(2, 1.01);
  CHECK(out.str().find("2/4") == std::string::npos);  // too soon to be seen
  progress.Clear();
  CHECK(out.str() == "\rp: 1/4 cases, 0:01, 0:03 left\x1b[K\r\x1b[K");
}

TEST_CASE("no line is as wide as the terminal, however narrow") {
  for (int width = -1; width <= 40; ++width) {
    std::ostringstream out;
    Progress progress("name", 1000, {true, [width] { return width; }, {}}, &out);
    progress.Update(10, 100);
    std::string text = out.str();
    if (text.empty()) {
      CHECK(width <= 7);
      continue;
    }
    REQUIRE(text.size() > 4);
    text = text.substr(1, text.size() - 4);  // without the return and the erasure
    CHECK(static_cast<int>(text.size()) < width);
  }
}

TEST_CASE("a window that shrinks loses its line") {
  std::ostringstream out;
  int width = 40;
  Progress progress("p", 4, {true, [&width] { return width; }, {}}, &out);
  progress.Update(1, 1);
  width = 2;
  progress.Update(2, 2);
  CHECK(out.str() == "\rp: 1/4 cases, 0:01, 0:03 left\x1b[K\r\x1b[K");
}

// A screen that understands what Progress sends: \r, \n, ESC [ n A, ESC [ K, ESC [ J.
class Screen {
 public:
  void Write(const std::string& text) {
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\r') {
        column_ = 0;
      } else if (text[i] == '\n') {
        column_ = 0;
        if (++line_ == lines.size()) lines.emplace_back();
      } else if (text[i] == '\x1b') {
        const size_t end = text.find_first_of("AJK", i);
        Command(text[end], text.substr(i + 2, end - i - 2));
        i = end;
      } else {
        std::string& line = lines[line_];
        line.resize(std::max(line.size(), column_ + 1), ' ');
        line[column_++] = text[i];
      }
    }
  }
  std::vector<std::string> lines = {""};

 private:
  void Command(char kind, const std::string& number) {
    if (kind == 'A') {
      line_ -= std::min(line_, static_cast<size_t>(std::stoi(number)));
      return;
    }
    lines[line_].resize(std::min(lines[line_].size(), column_));
    if (kind == 'J') lines.resize(line_ + 1);
  }
  size_t line_ = 0, column_ = 0;
};

using Lines = std::vector<std::string>;

// A run of 100 cases on a terminal; Show says what is on it then.
struct TableTest {
  const Lines& Show(size_t done, double seconds) {
    progress.Update(done, seconds, [this](int room) {
      ++asked;
      CHECK(room == width - 1);
      return table;
    });
    return Flush();
  }
  const Lines& Flush() {
    screen.Write(out.str());
    out.str("");
    return screen.lines;
  }
  std::ostringstream out;
  int width = 80, height = 24, asked = 0;
  std::string table = "head\na  1\n";
  Screen screen;
  Progress progress{"p", 100, {true, [this] { return width; }, [this] { return height; }}, &out};
};

TEST_CASE("the table so far stands above the line, new at most every two seconds") {
  TableTest test;
  CHECK(test.Show(1, 1) == Lines{"p: 1/100 cases, 0:01, 1:39 left"});
  CHECK(test.Show(2, 2) == Lines{"head", "a  1", "p: 2/100 cases, 0:02, 1:38 left"});
  test.table = "head\na  1\nb  2\n\n";
  CHECK(test.Show(3, 3) == Lines{"head", "a  1", "p: 3/100 cases, 0:03, 1:37 left"});
  CHECK(test.Show(3, 4.5) == Lines{"head", "a  1", "b  2", "p: 3/100 cases, 0:05, 2:26 left"});
  CHECK(test.asked == 2);
  test.Show(3, 9);  // nothing new
  CHECK(test.asked == 2);
  test.table = "a";
  CHECK(test.Show(4, 12) == Lines{"a", "p: 4/100 cases, 0:12, 4:48 left"});
  CHECK(test.Show(100, 20) == Lines{"a", "p: 100/100 cases, 0:20"});
  CHECK(test.asked == 3);
  test.progress.Clear();
  CHECK(test.Flush() == Lines{""});
}

TEST_CASE("a table is cut to the terminal, by characters and not bytes") {
  TableTest test;
  test.width = 34;
  test.height = 8;
  const std::string wide = "\u00b1123456789 123456789 123456789 123456789";
  test.table = "\n" + wide + "\n2\n3\n4\n5\n6\n7\n\n";
  CHECK(test.Show(2, 2) == Lines{"\u00b1123456789 123456789 123456789 12", "...", "4", "5", "6",
                                 "7", "p: 2/100 cases, 0:02, 1:38 left"});
}

TEST_CASE("a small terminal, or one of unknown height, shows the line alone") {
  for (const auto& [width, height] : {std::pair{20, 5}, {80, 5}, {30, 24}, {80, 0}, {80, -1}}) {
    TableTest test;
    test.width = width;
    test.height = height;
    CHECK(test.Show(2, 2).size() == 1);
    CHECK(test.asked == 0);
  }
  std::ostringstream out;
  Progress progress("p", 4, {true, [] { return 80; }, {}}, &out);
  progress.Update(1, 9, [](int) { return std::string("table"); });
  CHECK(out.str().find("table") == std::string::npos);
}

TEST_CASE("a window that changes its size keeps what stands above the line") {
  TableTest test;
  test.Show(2, 2);
  test.width = 50;
  CHECK(test.Show(3, 5) ==
        Lines{"head", "a  1", "head", "a  1", "p: 3/100 cases, 0:05, 2:42 left"});
  test.height = 5;
  CHECK(test.Show(4, 8) ==
        Lines{"head", "a  1", "head", "a  1", "p: 4/100 cases, 0:08, 3:12 left"});
  test.progress.Clear();
  CHECK(test.Flush() == Lines{"head", "a  1", "head", "a  1", ""});
}

TEST_CASE("a table that is slow to make is made less often") {
  TableTest test;
  const LiveTable slow = [&](int) {
    ++test.asked;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // is 2 % of five seconds
    return std::string("table");
  };
  test.progress.Update(1, 2, slow);
  test.progress.Update(2, 6.9, slow);
  CHECK(test.asked == 1);
  test.progress.Update(3, 60, slow);
  CHECK(test.asked == 2);
}

TEST_CASE("without a terminal no table is made") {
  std::ostringstream out;
  Progress progress("p", 4, {false, [] { return 80; }, [] { return 24; }}, &out);
  progress.Update(2, 20, [](int) -> std::string { throw std::logic_error("asked"); });
  CHECK(out.str() == "p: 2/4 cases, 0:20, 0:20 left\n");
}

}  // namespace
}  // namespace normsweep
