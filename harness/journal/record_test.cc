#include "harness/journal/record.h"

#include <cmath>
#include <limits>

#include "norms/errors.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

TEST_CASE("a sealed line opens to what it was, and any change of a byte is seen") {
  const OrderedJson object = {{"case", "0123"}, {"seconds", 0.1}, {"b", {1, "x"}}};
  const std::string line = SealLine(object);
  CHECK(line.rfind(R"({"case":"0123","seconds":0.1,"b":[1,"x"],"crc32":")", 0) == 0);
  CHECK(nlohmann::json::parse(line)["crc32"].is_string());
  REQUIRE(OpenLine(line) == object);
  for (size_t i = 0; i < line.size(); ++i) {
    std::string changed = line;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(OpenLine(changed));
    CHECK_FALSE(OpenLine(line.substr(0, i)));
  }
  CHECK_FALSE(OpenLine(line + " "));
  CHECK_FALSE(OpenLine("{}"));
  CHECK_THROWS_AS(SealLine({{"long", std::string(kMaxJournalLine, 'x')}}), Error);
}

TEST_CASE("rows come back to the bit: numbers, what is not finite, types, order of the keys") {
  CaseResult row;
  row.status = "diverged";
  row.reason = "at step 3, \"really\"\n";
  row.by_construction = true;
  const double infinity = std::numeric_limits<double>::infinity();
  row.metrics["z"] = 0.1 + 0.2;
  row.metrics["a"] = -0.0;
  row.metrics["tiny"] = std::numeric_limits<double>::denorm_min();
  row.metrics["whole"] = 7.0;
  row.metrics["count"] = 7;
  row.metrics["large"] = std::numeric_limits<uint64_t>::max();
  row.metrics["series"] = {1.5, std::numeric_limits<double>::quiet_NaN(), infinity, -infinity};
  row.metrics["text"] = "nan";
  row.metrics["nothing"] = nullptr;
  row.timings["seconds"] = infinity;
  row.columns["layer"] = 2;
  row.samples["ns"] = {1.25, 2.5};
  row.entries.push_back({{"name", "x"}, {"iterations", 3}});
  const std::vector<CaseResult> back =
      RowsFromJson(OpenLine(SealLine({{"rows", RowsToJson({row, CaseResult()})}})).value()["rows"]);
  REQUIRE(back.size() == 2);
  CHECK(back[0].status == row.status);
  CHECK(back[0].reason == row.reason);
  CHECK(back[0].by_construction);
  CHECK(back[0].metrics["z"].get<double>() == 0.1 + 0.2);
  CHECK(std::signbit(back[0].metrics["a"].get<double>()));
  CHECK(back[0].metrics["tiny"] == row.metrics["tiny"]);
  CHECK(back[0].metrics["whole"].is_number_float());
  CHECK(back[0].metrics["count"].is_number_integer());
  CHECK(back[0].metrics["large"] == row.metrics["large"]);
  CHECK(std::isnan(back[0].metrics["series"][1].get<double>()));
  CHECK(back[0].metrics["series"][2] == infinity);
  CHECK(back[0].metrics["series"][3] == -infinity);
  CHECK(back[0].metrics["text"] == "nan");
  CHECK(back[0].metrics["nothing"].is_null());
  CHECK(back[0].timings["seconds"] == infinity);
  CHECK(back[0].columns == row.columns);
  CHECK(back[0].samples == row.samples);
  CHECK(back[0].entries == row.entries);
  CHECK(back[0].metrics.begin().key() == "z");
  CHECK(back[1].status == "ok");
  CHECK_FALSE(back[1].by_construction);
  CHECK(back[1].columns.is_object());
}

TEST_CASE("rows of another form are refused") {
  for (const char* text :
       {"{}", "[1]", R"([{"status": 3, "reason": ""}])", R"([{"status": "ok"}])",
        R"([{"status": "ok", "reason": "", "metrics": []}])",
        R"([{"status": "ok", "reason": "", "by_construction": 1}])",
        R"([{"status": "ok", "reason": "", "metrics": {"a": {"not_finite": "big"}}}])"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(RowsFromJson(OrderedJson::parse(text)), Error);
  }
}

}  // namespace
}  // namespace normsweep
