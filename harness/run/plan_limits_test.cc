// What would take too much is refused before anything of its size is made: a test that made it
// would run out of memory, or of time.
#include <string>

#include "harness/config/config_error.h"
#include "harness/config/json_file.h"
#include "harness/run/plan.h"
#include "harness/testing/folder.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

const char kMlp[] = R"({"name": "t", "experiment": "train", "dataset": {"name": "gratings"},
  "network": {"name": "mlp"}, "normalizer": {"name": "batch"}})";
const char kCnn[] = R"({"name": "t", "experiment": "train", "dataset": {"name": "cifar10"},
  "network": {"name": "cnn", "convolutions": [{"channels": 4}, {"channels": 8}]},
  "normalizer": {"name": "weight"}})";
const char kResnet[] = R"({"name": "t", "experiment": "train", "dataset": {"name": "gratings"},
  "network": {"name": "resnet"}, "normalizer": {"name": "group", "groups": 4},
  "sweep": {"seed": [1, 2], "batch_size": [1, 2, 37]}})";
const char kSelect[] = R"({"name": "t", "experiment": "train", "dataset": {"name": "gratings"},
  "network": {"name": "mlp"}, "normalizer": {"name": "batch"},
  "select": {"path": "training.learning_rate", "values": [0.1], "seeds": [7]}})";
const char kCheck[] = R"({"name": "t", "experiment": "check", "shapes": [[2, 3]],
  "normalizer": {"name": "batch"}, "backend": "native", "layout": "channels_first",
  "mode": "train", "input": "gaussian"})";
const char kSpeed[] = R"({"name": "t", "experiment": "speed", "shape": [2, 3, 5],
  "normalizer": {"name": "batch"}})";
const char kGroups[] = R"({"name": "t", "experiment": "speed", "groups": [
  {"normalizers": [{"name": "batch"}], "shapes": [[2, 3, 5]]}]})";
const char kGaussian[] = R"({"name": "t", "experiment": "statistics", "gaussian": {},
  "normalizer": {"name": "batch"}})";
const char kPopulation[] = R"({"name": "t", "experiment": "statistics",
  "dataset": {"name": "gratings"}, "network": {"name": "mlp"}})";

// The pointer of the error that `text` makes with `value` in the place of what stands at `pointer`.
std::string PointerWith(const char* text, const std::string& pointer, const std::string& value) {
  OrderedJson document = ParseJson(text);
  document[OrderedJson::json_pointer(pointer)] = ParseJson(value);
  const TestFolder folder;
  try {
    MakePlan(folder.Write("t.json", document.dump()), {}, Experiments());
  } catch (const ConfigError& error) {
    return error.pointer();
  }
  return "no error";
}

TEST_CASE("the configs of these tests are valid as they are") {
  for (const char* text :
       {kMlp, kCnn, kResnet, kSelect, kCheck, kSpeed, kGroups, kGaussian, kPopulation}) {
    CHECK(PointerWith(text, "/name", "\"u\"") == "no error");
  }
}

TEST_CASE("a size that no machine holds is refused with its pointer") {
  struct Row {
    const char *config, *pointer, *value, *found;
  };
  const auto row = GENERATE(values<Row>({
      {kMlp, "/network/hidden", "[100, 1000000000000]", "/network/hidden/1"},
      {kMlp, "/network/hidden", "[1048576, 1048576]", "/network/hidden/0"},
      {kMlp, "/batch_size", "1e15", "/batch_size"},
      {kMlp, "/batch_size", "1000000000000000", "/batch_size"},
      {kMlp, "/batch_size", "9223372036854775807", "/batch_size"},
      {kMlp, "/batch_size", "18446744073709551615", "/batch_size"},
      {kMlp, "/recompute", R"({"batch_size": 2000000000})", "/recompute/batch_size"},
      {kMlp, "/recompute", R"({"samples": 1000000000000})", "/recompute/samples"},
      {kMlp, "/dataset/train_samples", "1000000000000", "/dataset/train_samples"},
      {kMlp, "/dataset/train_samples", "8001", "/dataset/train_samples"},
      {kMlp, "/dataset/test_samples", "2147483647", "/dataset/test_samples"},
      {kMlp, "/dataset/validation_samples", "2001", "/dataset/validation_samples"},
      {kMlp, "/training", R"({"epochs": 1000000000})", "/training/epochs"},
      {kMlp, "/training", R"({"evaluations_per_epoch": 1000000000})",
       "/training/evaluations_per_epoch"},
      {kMlp, "/training", R"({"reference_batch_size": 10000000000})",
       "/training/reference_batch_size"},
      {kMlp, "/training", R"({"drop_last": false, "epochs": 1000001})", "/training/epochs"},
      {kMlp, "/measure", R"({"landscape": true, "times": 10000000})", "/measure/times"},
      {kMlp, "/normalization_batch_size", "10000000000", "/normalization_batch_size"},
      {kCnn, "/network/convolutions/1/channels", "2147483648", "/network/convolutions/1/channels"},
      {kCnn, "/normalizer", R"({"name": "weight", "init_samples": 10000000000})",
       "/normalizer/init_samples"},
      {kCnn, "/batch_size", "45000", "no error"},
      {kResnet, "/network/depth", "10000000000002", "/network/depth"},
      {kResnet, "/network/width", "1048577", "/network/width"},
      {kResnet, "/network/width", "1048576", "/network/width"},
      {kResnet, "/sweep/batch_size", "[2, 2000000000]", "/sweep/batch_size/1"},
      {kResnet, "/sweep/batch_size", "[2, 8001]", "/sweep/batch_size/1"},
      {kSelect, "/select", R"({"path": "batch_size", "values": [2, 4000000000], "seeds": [7]})",
       "/select/values/1"},
      {kSelect, "/select",
       R"({"path": "training.epochs", "values": [1000000000000], "seeds": [7]})",
       "/select/values/0"},
      {kSelect, "/select",
       R"({"path": "network.hidden", "values": [[4], [4, 100000000]], "seeds": [7]})",
       "/select/values/1/1"},
      {kCheck, "/shapes", "[[2, 3], [1000000000, 1000000000]]", "/shapes/1/0"},
      {kCheck, "/shapes", "[[2, 3], [1000000000, 1000]]", "/shapes/1/0"},
      {kCheck, "/shapes", "[[2, 3], [9223372036854775807, 3]]", "/shapes/1/0"},
      {kSpeed, "/shape", "[1000000000, 1000000000]", "/shape"},
      {kSpeed, "/shape", "[2, 2147483647]", "/shape"},
      {kSpeed, "/shape", "[2, 3, 2147483647, 2147483647, 2147483647]", "/shape"},
      {kSpeed, "/shape", "[3, 1000, 1000000000]", "/shape/2"},
      {kSpeed, "/threads", "100000", "/threads"},
      {kSpeed, "/repetitions", "1000000", "/repetitions"},
      {kGroups, "/groups/0/shapes/0", "[2, 2147483647]", "/groups/0/shapes/0"},
      {kGroups, "/groups/0/shapes/0", "[3, 1000, 1000000000]", "/shape/2"},
      {kGroups, "/groups/0/batch_sizes", "[10000000000]", "/groups/0/batch_sizes/0"},
      {kGroups, "/groups/0/threads", "[1, 1025]", "/groups/0/threads/1"},
      {kGaussian, "/gaussian/channels", "100000000000", "/gaussian/channels"},
      {kGaussian, "/gaussian/positions", "2147483647", "/gaussian/positions"},
      {kGaussian, "/population_samples", "2147483647", "/population_samples"},
      {kGaussian, "/population_samples", "1000000000000000000", "/population_samples"},
      {kGaussian, "/draws", "10000000000", "/draws"},
      {kGaussian, "/anchors", "10000000000", "/anchors"},
      {kGaussian, "/updates", "10000000000", "/updates"},
      {kGaussian, "/running_images", "10000000000", "/running_images"},
      {kPopulation, "/population_samples", "8001", "/population_samples"},
      {kPopulation, "/network/hidden", "[1048576, 1048576]", "/network/hidden/0"},
  }));
  CAPTURE(row.pointer, row.value);
  CHECK(PointerWith(row.config, row.pointer, row.value) == row.found);
}

TEST_CASE("a case of too much memory is refused with the estimate and the bound") {
  OrderedJson document = ParseJson(kMlp);
  document["network"]["hidden"] = {1048576, 1048576};
  const TestFolder folder;
  const std::string path = folder.Write("t.json", document.dump());
  CHECK_THROWS_WITH(
      MakePlan(path, {}, Experiments()),
      Catch::Matchers::ContainsSubstring("/network/hidden/0: 1048576 makes a case of ") &&
          Catch::Matchers::ContainsSubstring(" TiB or more of memory, expected at most 1 TiB"));
}

TEST_CASE("groups of too many cases are refused before one is made") {
  OrderedJson document = ParseJson(kGroups);
  OrderedJson& group = document["groups"][0];
  for (int i = 1; i <= 501; ++i) {
    group["shapes"].push_back({2, 3, i});
    group["batch_sizes"].push_back(i);
  }
  const TestFolder folder;
  const std::string path = folder.Write("t.json", document.dump());
  CHECK_THROWS_WITH(MakePlan(path, {}, Experiments()),
                    Catch::Matchers::StartsWith("/groups: 251502 cases, expected at most"));
}

TEST_CASE("a selection of too many trials is refused") {
  OrderedJson seeds = OrderedJson::array();
  for (int i = 2; i <= 1002; ++i) seeds.push_back(i);
  CHECK(PointerWith(kSelect, "/select/seeds", seeds.dump()) == "/select/seeds");
  CHECK(PointerWith(kSelect, "/select/values", seeds.dump()) == "/select/values");
}

}  // namespace
}  // namespace normsweep
