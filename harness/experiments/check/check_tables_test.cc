#include "harness/experiments/check/check_tables.h"

#include <sstream>

#include "norms/testing/catch.h"

namespace normsweep {
namespace {

ResultRow Row(const char* normalizer, const char* input, const char* status, double error) {
  ResultRow row;
  row.columns = {{"normalizer", normalizer}, {"normalizer.name", normalizer},
                 {"backend", "native"},      {"layout", "channels_first"},
                 {"mode", "train"},          {"input", input}};
  row.coordinates = std::string("normalizer=") + normalizer + ",input=" + input;
  row.repro = "normsweep run c.json --case 1";
  row.result.status = status;
  if (row.result.status == "SKIPPED") {
    row.result.reason = "why";
    return row;
  }
  if (row.result.status == "FAILED") row.result.reason = "y is off";
  row.result.metrics = {{"worst_error", error}, {"tolerance", 1e-6}, {"worst_at", "y [1, 2, 3]"}};
  return row;
}

std::string Table(int width) {
  const std::vector<ResultRow> rows = {
      Row("batch", "exact", "PASSED", 1e-7), Row("batch", "tiny", "FAILED", 3e-4),
      Row("batch", "huge", "PEER_LIMIT", 1.0), Row("layer", "exact", "SKIPPED", 0)};
  std::ostringstream out;
  PrintCheckTables({}, rows, {width, false}, &out);
  return out.str();
}

TEST_CASE("a line has the worst of the rows that had to pass, and the failures follow") {
  const std::string expected_end =
      "\n1 x PEER_LIMIT native batch: \n1 x SKIPPED native layer: why\n"
      "\nFAILED normalizer=batch,input=tiny\n  y is off\n  normsweep run c.json --case 1\n"
      "\nFAILED 1 PASSED 1 PEER_LIMIT 1 SKIPPED 1\n";
  CHECK(Table(120) ==
        "\n"
        "normalizer  backend          layout  worst error  tolerance           at"
        "                            rows\n"
        "batch        native  channels_first      3.0e-04    1.0e-06  y [1, 2, 3]"
        "  FAILED 1 PASSED 1 PEER_LIMIT 1\n"
        "layer        native  channels_first                                     "
        "                       SKIPPED 1\n" +
            expected_end);
}

TEST_CASE("too narrow for a table: a list, at any width") {
  for (const int width : {-1, 0, 40}) {
    CHECK(Table(width).find("\nnormalizer batch, backend native, layout channels_first, worst "
                            "error 3.0e-04, tolerance 1.0e-06, at y [1, 2, 3], rows FAILED 1 "
                            "PASSED 1 PEER_LIMIT 1\n") != std::string::npos);
  }
}

}  // namespace
}  // namespace normsweep
