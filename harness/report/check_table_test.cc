#include "harness/report/check_table.h"

#include <sstream>

#include "harness/config/json_file.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

// Two inputs each of batch (the second out of tolerance) and group(2) (never run).
std::string Table(int width) {
  const Config config = MakeConfig(ParseJson(R"({"name": "c", "experiment": "check",
    "shapes": [[1, 2]], "sweep": {
    "normalizer": [{"name": "batch"}, {"name": "group", "groups": 2}], "input": ["a", "b"]}})"));
  std::vector<ResultRow> rows;
  for (const SweepCase& one : ExpandCases(config)) {
    ResultRow row{one.columns, one.coordinates, one.hash, {"SKIPPED", "why", {}, {}}, "repro"};
    if (one.coordinates == "normalizer=batch,input=a") {
      row.result = {"PASSED", "", {{"error", 1e-7}, {"tolerance", 1e-5}}, {}};
    } else if (one.coordinates == "normalizer=batch,input=b") {
      row.result = {"FAILED", "dx", {{"error", 3e-4}, {"tolerance", 1e-4}}, {}};
    }
    rows.push_back(row);
  }
  std::ostringstream out;
  PrintCheckTable(config, rows, {width, false}, &out);
  return out.str();
}

const std::string kEnd =
    "\nFAILED 1\nPASSED 1\nSKIPPED 2\n"
    "FAILED normalizer=batch,input=b: dx\n  repro\n";

TEST_CASE("a line has the worst of its inputs; what failed has its repro line") {
  CHECK(Table(80) ==
        "normalizer  cases    error  tolerance        status\n"
        "batch           2  3.0e-04    1.0e-04    FAILED(dx)\n"
        "group(2)        2        -          -  SKIPPED(why)\n" +
            kEnd);
}

TEST_CASE("too narrow for the table: a list, at any width") {
  for (const int width : {-1, 0, 1, 40}) {
    CHECK(Table(width) ==
          "normalizer=batch: error 3.0e-04, tolerance 1.0e-04, FAILED(dx)\n"
          "normalizer=group(2): error -, tolerance -, SKIPPED(why)\n" +
              kEnd);
  }
}

}  // namespace
}  // namespace normsweep
