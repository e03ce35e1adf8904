#include "harness/report/csv.h"

#include <cmath>

#include "harness/report/metrics.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("cells are quoted where RFC 4180 says so, and only there") {
  CHECK(CsvCell("plain text") == "plain text");
  CHECK(CsvCell("").empty());
  CHECK(CsvCell("a,b") == "\"a,b\"");
  CHECK(CsvCell("say \"no\"") == "\"say \"\"no\"\"\"");
  CHECK(CsvCell("two\nlines") == "\"two\nlines\"");
  CHECK(CsvCell("a\r") == "\"a\r\"");
}

TEST_CASE("a column that first appears late is there for every row") {
  CsvTable table;
  table.NewRow();
  table.Put("a", 1);
  table.NewRow();
  table.Put("late", "x,y");
  table.Put("a", nullptr);
  table.NewRow();
  CHECK(table.Text() == "a,late\n1,\n,\"x,y\"\n,\n");
}

TEST_CASE("numbers are the shortest text that reads back, and nothing when not finite") {
  CHECK(NumberText(0.1) == "0.1");
  CHECK(NumberText(5.0) == "5");
  CHECK(NumberText(1e22) == "1e+22");
  CHECK(std::stod(NumberText(1.0 / 3)) == 1.0 / 3);
  CsvTable table;
  table.NewRow();
  table.Put("a", NAN);
  table.Put("b", INFINITY);
  table.Put("c", true);
  table.Put("d", 2.50);
  CHECK(table.Text() == "a,b,c,d\n,,true,2.5\n");
}

TEST_CASE("arrays spread over columns counted from one") {
  const auto flat = Flatten({{"test_error_per_epoch", {3, 4}}, {"size", {7}}, {"none", 1}});
  REQUIRE(flat.size() == 4);
  CHECK(flat[0].first == "test_error_epoch_1");
  CHECK(flat[1].first == "test_error_epoch_2");
  CHECK(flat[1].second == 4);
  CHECK(flat[2].first == "size_1");
}

TEST_CASE("what is not finite is null in JSON, with its reason beside it") {
  const auto json = WithReasons({{"a", NAN}, {"b", {1.5, -INFINITY, NAN}}, {"c", nullptr}});
  CHECK(json.dump() == R"({"a":null,"a_reason":"not a number","b":[1.5,null,null],)"
                       R"("b_reason":"-infinity at 2","c":null})");
}

}  // namespace
}  // namespace normsweep
