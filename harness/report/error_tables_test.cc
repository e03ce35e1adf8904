#include "harness/report/error_tables.h"

#include <sstream>

#include "harness/config/json_file.h"
#include "harness/report/text_table.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

const char kSweep[] = R"({"name": "t", "experiment": "train", "dataset": {"name": "gratings"},
  "network": {"name": "mlp"},
  "sweep": {"normalizer": [{"name": "batch"}, {"name": "group", "groups": 2}],
            "batch_size": [2, 16], "seed": [1, 2]}})";

std::string Table(const std::string& document, int width, bool utf8) {
  const Config config = MakeConfig(ParseJson(document));
  std::vector<ResultRow> rows;
  for (const SweepCase& one : ExpandCases(config)) {
    ResultRow row{one.columns, one.coordinates, one.hash, {}, ""};
    row.result.metrics["test_error"] =
        one.resolved.value("batch_size", 0) + one.resolved.value("seed", 0);
    if (one.coordinates == "normalizer=batch,batch_size=2,seed=2") row.result.status = "diverged";
    rows.push_back(row);
  }
  std::ostringstream out;
  PrintErrorTables(config, rows, {width, utf8}, &out);
  return out.str();
}

TEST_CASE("a line per normalizer, a column per batch size") {
  CHECK(Table(kSweep, 80, false) ==
        "test error in %: mean +- half of the 95 % interval, 2 seeds; one learning rate for all\n"
        "!n: n seeds diverged, counted at chance error\n\n"
        "batch_size             2          16\n"
        "batch       3.5 +-6.4 !1  17.5 +-6.4\n"
        "group(2)       3.5 +-6.4  17.5 +-6.4\n");
  CHECK(Table(kSweep, 80, true).find("group(2)       3.5 \u00b16.4  17.5 \u00b16.4\n") !=
        std::string::npos);
}

TEST_CASE("too narrow for the table: a list") {
  const std::string list = Table(kSweep, 20, false);
  CHECK(list.find("batch, batch_size=2: 3.5 +-6.4 !1\n") != std::string::npos);
  CHECK(list.find("group(2), batch_size=16: 17.5 +-6.4\n") != std::string::npos);
  for (const int width : {-1, 0, 1}) CHECK(Table(kSweep, width, false) == list);
}

TEST_CASE("further axes are a table each; too few leave one column") {
  const std::string text =
      Table(R"({"name": "t", "experiment": "train", "dataset": {"name": "gratings"},
                "network": {"name": "mlp"}, "sweep": {"seed": [1],
                "normalizer": [{"name": "batch"}], "batch_size": [2],
                "training.learning_rate": [0.1, 0.2]}})",
            80, false);
  CHECK(text ==
        "test error in %\n\ntraining.learning_rate=0.1\nbatch_size    2\nbatch       3.0\n\n"
        "training.learning_rate=0.2\nbatch_size    2\nbatch       3.0\n");
  const std::string none =
      Table(R"({"name": "t", "experiment": "train", "dataset": {"name": "gratings"},
                "network": {"name": "mlp"}, "normalizer": {"name": "none"}, "batch_size": 2})",
            80, false);
  CHECK(none.find("2.0") != std::string::npos);
}

TEST_CASE("of a run that goes on: values in the order of the sweep, a dash where none is yet") {
  const Config config = MakeConfig(ParseJson(kSweep));
  std::vector<ResultRow> rows;
  for (const SweepCase& one : ExpandCases(config)) {
    const bool done = one.coordinates == "normalizer=batch,batch_size=16,seed=2" ||
                      one.coordinates == "normalizer=group(2),batch_size=2,seed=1";
    if (!done) continue;
    rows.push_back({one.columns, one.coordinates, one.hash, {}, ""});
    rows.back().result.metrics["test_error"] = 7;
  }
  std::ostringstream out;
  PrintErrorTables(config, rows, {80, false}, &out);
  CHECK(out.str() ==
        "test error in %; one learning rate for all\n\n"
        "batch_size    2   16\n"
        "batch         -  7.0\n"
        "group(2)    7.0    -\n");
}

TEST_CASE("width counts characters, not bytes") {
  CHECK(DisplayWidth("3 \u00b11") == 4);
  CHECK(TableWidth({{"a", "\u00b1"}, {"bb", "c"}}) == 5);
  CHECK(TableWidth({}) == 0);
}

}  // namespace
}  // namespace normsweep
