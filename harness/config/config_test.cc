#include "harness/config/config.h"

#include <set>

#include "harness/config/config_error.h"
#include "harness/config/json_file.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;

const char kTrain[] = R"({
  "$schema": "schema.json", "name": "t", "experiment": "train",
  "dataset": {"name": "gratings"},
  "network": {"name": "mlp"},
  "training": {"epochs": 2, "learning_rate": 0.5},
  "sweep": {"normalizer": [{"name": "none"}, {"name": "group", "groups": 10}],
            "batch_size": [2, 4, 1], "seed": [3]}})";

OrderedJson Train() { return ParseJson(kTrain); }

// What a config says when `value` stands at `pointer`.
std::string ErrorWith(const std::string& pointer, const std::string& value) {
  OrderedJson document = Train();
  document[OrderedJson::json_pointer(pointer)] = ParseJson(value);
  try {
    ExpandCases(MakeConfig(document));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

std::string ErrorOf(const std::string& text, const std::vector<std::string>& settings = {}) {
  try {
    ExpandCases(MakeConfig(ParseJson(text), settings));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

TEST_CASE("cases are the product in the order of the file, the last axis fastest") {
  const Config config = MakeConfig(Train());
  const std::vector<SweepCase> cases = ExpandCases(config);
  REQUIRE(cases.size() == 6);
  CHECK(cases[0].coordinates == "normalizer=none,batch_size=2,seed=3");
  CHECK(cases[2].coordinates == "normalizer=none,batch_size=1,seed=3");
  CHECK(cases[3].coordinates == "normalizer=group(10),batch_size=2,seed=3");
  CHECK(cases[3].columns.dump() ==
        R"x({"normalizer":"group(10)","normalizer.name":"group","normalizer.groups":10,)x"
        R"x("batch_size":2,"seed":3})x");
  CHECK(cases[0].columns["normalizer.groups"].is_null());
  const Json resolved = Json::parse(R"({"experiment": "train", "dataset": {"name": "gratings"},
      "network": {"name": "mlp"}, "training": {"epochs": 2, "learning_rate": 0.5},
      "normalizer": {"name": "group", "groups": 10}, "batch_size": 2, "seed": 3})");
  CHECK(cases[3].resolved == resolved);
}

TEST_CASE("a case's hash depends on its values only and never changes") {
  CHECK(CaseHash(Json::object()) == "08f44b07b5901a25");
  CHECK(CaseHash(Json::parse(R"({"b": 1, "a": [2.5]})")) ==
        CaseHash(Json::parse(R"({"a": [2.5], "b": 1})")));
  const auto cases = ExpandCases(MakeConfig(Train()));
  std::set<std::string> hashes;
  for (const SweepCase& one : cases) hashes.insert(one.hash);
  CHECK(hashes.size() == cases.size());
  OrderedJson renamed = Train();
  renamed["name"] = "other";
  renamed["sweep"]["batch_size"] = {4};
  CHECK(ExpandCases(MakeConfig(renamed))[0].hash == cases[1].hash);
}

TEST_CASE("every mistake is named with its pointer and what was expected") {
  CHECK(ErrorWith("/training/epochs", "0") ==
        "/training/epochs: 0, expected an integer from 1 to 1000000");
  CHECK(ErrorWith("/training/epochs", "2.5") ==
        "/training/epochs: 2.5, expected an integer from 1 to 1000000");
  CHECK(ErrorWith("/training/learning_rate", "0") ==
        "/training/learning_rate: 0, expected a number above 0");
  CHECK(ErrorWith("/training/momentum", "1") ==
        "/training/momentum: 1, expected a number of 0 or more and below 1");
  CHECK(ErrorWith("/training/drop_last", "1") == "/training/drop_last: 1, expected true or false");
  CHECK(ErrorWith("/training/reference_batch_size", "\"a\"") ==
        "/training/reference_batch_size: \"a\", expected an integer from 1 to 2147483647, or null");
  CHECK(ErrorWith("/network/name", "\"mpl\"") ==
        "/network/name: \"mpl\", expected one of \"mlp\" \"cnn\" \"resnet\"");
  CHECK(ErrorWith("/network/hidden", "[]") ==
        "/network/hidden: [], expected an array of 1 or more values, each an integer from 1 to "
        "1048576");
  CHECK(ErrorWith("/network/hidden", "[4, -1]") ==
        "/network/hidden/1: -1, expected an integer from 1 to 1048576");
  CHECK(ErrorWith("/network/convolutions", "[{\"channels\": 4, \"stride\": 9}]") ==
        "/network/convolutions/0/stride: 9, expected an integer from 1 to 4");
  CHECK(ErrorWith("/network/convolutions", "[{\"stride\": 1}]") ==
        "/network/convolutions/0/channels: missing, expected an integer from 1 to 1048576");
  CHECK(ErrorWith("/network/convolutions", "[{\"chanels\": 1}]") ==
        "/network/convolutions/0/chanels: unknown key \"chanels\", expected one of \"channels\" "
        "\"stride\"");
  CHECK(ErrorWith("/datasets", "{}")
            .rfind("/datasets: unknown key \"datasets\", expected one of \"$"
                   "schema\" \"name\" \"experiment\"",
                   0) == 0);
  CHECK(ErrorWith("/dataset", "7") == "/dataset: 7, expected an object");
  CHECK(
      ErrorWith("/name", "\"../x\"").rfind("/name: \"../x\", expected a string that matches", 0) ==
      0);
  CHECK(ErrorWith("/experiment", "\"tain\"") ==
        "/experiment: \"tain\", expected one of \"check\" \"speed\" \"statistics\" \"train\"");
}

TEST_CASE("a document that is no config at all") {
  CHECK(ErrorOf("[1]") == "[1], expected an object: a config");
  CHECK(ErrorOf("{}") ==
        "/experiment: missing, expected one of \"check\" \"speed\" \"statistics\" \"train\"");
  CHECK(ErrorOf(R"({"experiment": 3})") ==
        "/experiment: 3, expected one of \"check\" \"speed\" \"statistics\" \"train\"");
  CHECK(ErrorOf(R"({"experiment": "check", "name": "c"})") ==
        "/shapes: missing, expected an array of 1 or more values, each an array of 2 to 5 values, "
        "each an integer from 1 to 2147483647");
}

TEST_CASE("a mistake in a swept value is named where it stands in the file") {
  CHECK(ErrorWith("/sweep/batch_size/2", "0") ==
        "/sweep/batch_size/2: 0, expected an integer from 1 to 2147483647");
  CHECK(ErrorWith("/sweep/network.hidden", "[[4], [4, \"x\"]]") ==
        "/sweep/network.hidden/1/1: \"x\", expected an integer from 1 to 1048576");
  CHECK(ErrorWith("/sweep/training.momentum", "[0.5, 2]") ==
        "/sweep/training.momentum/1: 2, expected a number of 0 or more and below 1");
  CHECK(ErrorWith("/sweep/normalizer/1", "{\"groups\": 2}") ==
        "/sweep/normalizer/1/name: missing, expected a string");
  CHECK(ErrorWith("/sweep/normalizer/1", "\"group\"") ==
        "/sweep/normalizer/1: \"group\", expected an object");
}

TEST_CASE("a normalizer's options are checked by the library") {
  CHECK(ErrorWith("/sweep/normalizer/1/groups", "0") ==
        "/sweep/normalizer/1/groups: 0, expected an integer of 1 or more");
  CHECK(ErrorWith("/sweep/normalizer/1/gruops", "2") ==
        "/sweep/normalizer/1/gruops: unknown option \"gruops\", expected one of \"eps\" \"groups\" "
        "\"affine\" \"activation\"");
  CHECK(
      ErrorWith("/sweep/normalizer/1/name", "\"grup\"")
          .rfind("/sweep/normalizer/1/name: unknown normalizer \"grup\", expected one of \"none\"",
                 0) == 0);
  CHECK(ErrorWith("/sweep/normalizer/1", R"({"name": "batch_renorm", "ramp": [0.05, 0.5]})") ==
        "no error");
  CHECK(ErrorWith("/sweep/normalizer/1", R"({"name": "batch_renorm", "ramp": [0.05, 5]})") ==
        "/sweep/normalizer/1/ramp/1: 5, expected a number from 0 to 1");
}

TEST_CASE("a sweep's own mistakes") {
  CHECK(ErrorWith("/sweep/batch_sizes", "[1]")
            .rfind("/sweep/batch_sizes: unknown path, expected one "
                   "of \"dataset\" \"network\" \"training\"",
                   0) == 0);
  CHECK(ErrorWith("/sweep/training.epoch", "[1]")
            .rfind("/sweep/training.epoch: unknown path, expected one of \"training.epochs\"", 0) ==
        0);
  CHECK(ErrorWith("/sweep/name", "[\"a\"]").rfind("/sweep/name: unknown path", 0) == 0);
  CHECK(ErrorWith("/sweep/seed", "[]") == "/sweep/seed: [], expected an array of 1 or more values");
  CHECK(ErrorWith("/sweep/seed", "4") == "/sweep/seed: 4, expected an array of 1 or more values");
  CHECK(ErrorWith("/sweep", "4") == "/sweep: 4, expected an object of paths and their values");
  CHECK(ErrorWith("/sweep/seed", "[4, 5, 4]") ==
        "/sweep/seed/2: 4 again, expected values that differ (it is at /sweep/seed/0)");
  CHECK(ErrorWith("/sweep/training.epochs", "[4]") ==
        "/sweep/training.epochs: swept, but /training/epochs is given as well, expected one of the "
        "two");
  const std::string overwritten =
      ErrorOf(R"({"name": "t", "experiment": "train", "dataset": {"name": "mnist"},
                  "normalizer": {"name": "none"},
                  "sweep": {"network.width": [2], "network": [{"name": "resnet"}]}})");
  CHECK(overwritten ==
        "/sweep/network: would overwrite the values of \"network.width\", expected to stand before "
        "it");
}

TEST_CASE("200,000 cases are the most") {
  OrderedJson document = Train();
  for (int i = 0; i < 1000; ++i) document["sweep"]["seed"][static_cast<size_t>(i)] = i;
  CHECK(NumCases(MakeConfig(document).axes) == 6000);
  document["sweep"]["training.warmup_fraction"] = OrderedJson::array();
  for (int i = 0; i < 34; ++i) document["sweep"]["training.warmup_fraction"].push_back(i / 34.0);
  CHECK_THROWS_WITH(MakeConfig(document), "/sweep: 204000 cases or more, expected at most 200000");
}

TEST_CASE("objects of one axis have labels that differ") {
  const Config config = MakeConfig(ParseJson(R"({"name": "c", "experiment": "check",
    "shapes": [[1, 2]], "sweep": {"normalizer": [
      {"name": "batch"}, {"name": "batch", "eps": 0.1}, {"name": "batch", "dialect": "keras"},
      {"name": "group", "groups": 2}, {"name": "group"}, {"name": "group", "groups": 2, "eps": 0}]}})"));
  CHECK(OrderedJson(config.axes[0].labels).dump() ==
        R"x(["batch","batch(eps=0.1)","batch(keras)","group(2)","group","group(2,eps=0)"])x");
}

TEST_CASE("a later axis may set a part of what an earlier one holds") {
  OrderedJson document = Train();
  document["sweep"]["normalizer"] = ParseJson(R"([{"name": "group"}])");
  document["sweep"]["normalizer.groups"] = {2, 0};
  try {
    ExpandCases(MakeConfig(document));
    FAIL("no error");
  } catch (const ConfigError& error) {
    CHECK(error.pointer() == "/sweep/normalizer.groups/1");
  }
  document["sweep"]["normalizer.groups"] = {2, 8};
  const auto cases = ExpandCases(MakeConfig(document));
  CHECK(cases[1].resolved["normalizer"].dump() == R"({"groups":8,"name":"group"})");
}

TEST_CASE("setting with --set: changes a value, all values of an axis, or an axis") {
  const auto set = [](const std::string& setting) {
    return ExpandCases(MakeConfig(Train(), {setting}));
  };
  CHECK(set("training.epochs=7")[0].resolved["training"]["epochs"] == 7);
  CHECK(set("recompute.samples=5")[0].resolved["recompute"]["samples"] == 5);
  CHECK(set("network.activation=tanh")[0].resolved["network"]["activation"] == "tanh");
  REQUIRE(set("batch_size=4").size() == 2);
  CHECK(set("batch_size=4")[0].hash == ExpandCases(MakeConfig(Train()))[1].hash);
  CHECK(set("sweep.seed=[1,2]").size() == 12);
  CHECK(ErrorOf(kTrain, {"batch_size"}) == "--set batch_size: expected PATH=VALUE");
  CHECK(ErrorOf(kTrain, {"name.x=1"}) == "/name: \"t\", expected an object for --set name.x=1");
  CHECK(ErrorOf(kTrain, {"training.epochs=x"}) ==
        "/training/epochs: \"x\", expected an integer from 1 to 1000000");
}

TEST_CASE("an extra case shows what makes it differ from the document") {
  const Config config = MakeConfig(ParseJson(R"({"name": "c", "experiment": "check",
    "shapes": [[1, 2]], "mode": "train",
    "sweep": {"normalizer": [{"name": "batch"}, {"name": "group", "groups": 2}],
              "layout": ["channels_last"]}})"));
  Json extra = CommonPart(config);
  extra["kind"] = "identity";
  extra["normalizer"] = {{"name", "group"}, {"groups", 2}};
  CHECK(MakeExtraCase(config, extra).coordinates == "normalizer=group(2),kind=identity");
}

TEST_CASE("an object by itself is called by its name and all of its other keys") {
  CHECK(ObjectLabel({{"name", "batch"}}) == "batch");
  CHECK(ObjectLabel({{"name", "group"}, {"groups", 10}}) == "group(10)");
  CHECK(ObjectLabel({{"name", "layer"}, {"affine", "channel"}}) == "layer(affine=channel)");
}

}  // namespace
}  // namespace normsweep
