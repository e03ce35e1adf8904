#include "harness/claims/claim.h"

#include "harness/config/config_error.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using OrderedJson = nlohmann::ordered_json;

nlohmann::ordered_json Document(const OrderedJson& claim) {
  return {{"name", "x"},
          {"experiment", "train"},
          {"dataset", {{"name", "gratings"}}},
          {"network", {{"name", "mlp"}}},
          {"sweep",
           {{"normalizer", {{{"name", "batch"}}, {{"name", "layer"}}}},
            {"batch_size", {2, 4}},
            {"seed", {1, 2}}}},
          {"claims", {claim}}};
}

std::string ErrorOf(const OrderedJson& claim) {
  const Config config = MakeConfig(Document(claim));
  try {
    ReadClaims(config, ExpandCases(config));
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("a list in a selector is a column's text") {
  CHECK(Matches({{"hidden", {100, 100}}}, {{"hidden", "[100,100]"}}));
  CHECK_FALSE(Matches({{"hidden", {100}}}, {{"hidden", "[100,100]"}}));
}

TEST_CASE("a claim's mistakes are named with their place") {
  OrderedJson good = {{"name", "n"},
                      {"metric", "test_error"},
                      {"expect", "greater"},
                      {"case", {{"normalizer.name", "batch"}, {"batch_size", 2}}},
                      {"against", {{"normalizer", "layer"}, {"batch_size", 2}}}};
  CHECK(ErrorOf(good).empty());
  OrderedJson wrong = good;
  wrong["case"]["batch"] = 2;
  CHECK(ErrorOf(wrong).find("/claims/0/case/batch: \"batch\" is not swept") == 0);
  wrong = good;
  wrong["case"]["seed"] = 1;
  CHECK(ErrorOf(wrong) == "/claims/0/case/seed: expected no seed: a claim is tested over them");
  wrong = {{"name", "n"},
           {"metric", "test_error"},
           {"expect", "falling"},
           {"case", {{"normalizer.name", "batch"}}},
           {"axis", "batchsize"}};
  CHECK(ErrorOf(wrong).find("/claims/0/axis: \"batchsize\" is not swept, expected one of ") == 0);
  wrong = good;
  wrong["case"]["batch_size"] = 3;
  CHECK(ErrorOf(wrong).find("/claims/0/case: ") == 0);
  wrong = good;
  wrong["case"].erase("batch_size");
  CHECK(ErrorOf(wrong).find("/claims/0/case: leaves batch_size open, of which the sweep has 2") ==
        0);
  wrong = good;
  wrong.erase("against");
  CHECK(ErrorOf(wrong) == "/claims/0/against: missing, expected with \"expect\": \"greater\"");
  wrong["with"] = "train_error";  // the two metrics of the same cases
  CHECK(ErrorOf(wrong).empty());
  wrong["than"] = 3;
  CHECK(ErrorOf(wrong) == "/claims/0/with: expected only without \"than\"");
  wrong = good;
  wrong["relative_to"] = {{"batch_size", 3}};
  CHECK(ErrorOf(wrong).find("/claims/0/relative_to: {\"batch_size\":3}, which 0 cases are for ") ==
        0);
  wrong["relative_to"] = {{"batch", 3}};
  CHECK(ErrorOf(wrong).find("/claims/0/relative_to/batch: \"batch\" is not swept") == 0);
  wrong = good;
  wrong["expect"] = "falling";
  wrong.erase("against");
  CHECK(ErrorOf(wrong) == "/claims/0/axis: missing, expected with \"expect\": \"falling\"");
  wrong["axis"] = "batch_size";
  wrong["case"].erase("batch_size");
  CHECK(ErrorOf(wrong).empty());
  wrong["by"] = 3;
  CHECK(ErrorOf(wrong) == "/claims/0/by: expected only without \"expect\": \"falling\"");
  wrong.erase("by");
  wrong["axis"] = "normalizer";
  wrong["case"] = {{"batch_size", 2}};
  CHECK(ErrorOf(wrong).find("/claims/0/axis: \"normalizer\" has the value ") == 0);
  wrong["axis"] = "batch_size";
  wrong["case"]["normalizer.name"] = "batch";
  CHECK(ErrorOf(wrong) ==
        "/claims/0/axis: \"batch_size\" has 1 values in the selected cases, expected two or more");
  wrong["case"].erase("batch_size");
  wrong["than"] = 3;
  CHECK(ErrorOf(wrong) == "/claims/0/than: expected only without \"expect\": \"falling\"");
}

TEST_CASE("what a claim is relative to keeps the other paths of the sweep") {
  const Config config = MakeConfig(Document({{"name", "n"},
                                             {"metric", "test_error"},
                                             {"expect", "greater"},
                                             {"case", {{"normalizer", "batch"}, {"batch_size", 2}}},
                                             {"than", 0},
                                             {"relative_to", {{"normalizer.name", "layer"}}}}));
  const Claim claim = ReadClaims(config, ExpandCases(config)).front();
  CHECK(claim.against.empty());
  CHECK(claim.varied == std::vector<std::string>{"normalizer"});
}

}  // namespace
}  // namespace normsweep
