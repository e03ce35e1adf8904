#include "harness/run/progress.h"

#include <sstream>

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
  Progress progress("p", 20, {false, [] { return 80; }}, &out);
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
  Progress progress("p", 4, {true, [] { return 80; }}, &out);
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
    Progress progress("name", 1000, {true, [width] { return width; }}, &out);
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
  Progress progress("p", 4, {true, [&width] { return width; }}, &out);
  progress.Update(1, 1);
  width = 2;
  progress.Update(2, 2);
  CHECK(out.str() == "\rp: 1/4 cases, 0:01, 0:03 left\x1b[K\r\x1b[K");
}

}  // namespace
}  // namespace normsweep
