#include "harness/experiments/speed/speed_tables.h"

#include <sstream>

#include "norms/testing/catch.h"

namespace normsweep {
namespace {

ResultRow Row(const char* shape, const char* contestant, double fraction, double speedup) {
  ResultRow row;
  row.columns = {{"normalizer", "batch"},   {"shape", shape}, {"layout", "channels_first"},
                 {"mode", "train"},         {"cache", "hot"}, {"threads", 2},
                 {"contestant", contestant}};
  row.result.status = "PASSED";
  row.result.timings = {{"median_ns", 1.0}, {"fraction_of_copy", fraction}};
  if (speedup > 0) row.result.timings["speedup_over_onednn"] = speedup;
  return row;
}

std::string Printed(const std::vector<ResultRow>& rows, int width) {
  std::ostringstream out;
  PrintSpeedTables({}, rows, {width, false}, &out);
  return out.str();
}

TEST_CASE("a line has geometric means, the median fraction and the worst cell") {
  std::vector<ResultRow> rows = {Row("[1,3]", "native", 0.5, 2), Row("[2,3]", "native", 0.9, 8),
                                 Row("[4,3]", "native", 0.7, 0), Row("[1,3]", "onednn", 0.1, 0)};
  ResultRow skipped = Row("[1,3]", "torch", 0, 0);
  skipped.result = {"SKIPPED", "not here", {}, {}};
  ResultRow failed = Row("[9,9]", "native", 0, 0);
  failed.result = {"FAILED", "y is off", {}, {}};
  failed.repro = "normsweep run x";
  rows.push_back(skipped);
  rows.push_back(failed);
  const std::string text = Printed(rows, 200);
  CHECK(text.find("batch       channels_first  train    hot        2      3         4.00") !=
        std::string::npos);
  CHECK(text.find("0.70  0.50 [1,3]\n") != std::string::npos);
  CHECK(text.find("1 x SKIPPED torch: not here\n") != std::string::npos);
  CHECK(text.find("FAILED native") != std::string::npos);
  CHECK(text.find("y is off\n  normsweep run x\n") != std::string::npos);
  CHECK(Printed(rows, 60).find("batch, channels_first, train, hot, 2, cases 3, over onednn 4.00") !=
        std::string::npos);
}

}  // namespace
}  // namespace normsweep
