#include "harness/config/json_file.h"

#include "harness/config/config_error.h"
#include "harness/testing/folder.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

std::string ParseErrorOf(const std::string& text) {
  try {
    ParseJson(text);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "no error";
}

std::string Nested(int levels) {
  return std::string(static_cast<size_t>(levels), '[') +
         std::string(static_cast<size_t>(levels), ']');
}

TEST_CASE("keys keep their order and values their type") {
  const auto json =
      ParseJson(R"({"z": [1, -2, 2.5, true, null, "s", {}], "a": {"c": [], "b": 0}})");
  CHECK(json.dump() == R"({"z":[1,-2,2.5,true,null,"s",{}],"a":{"c":[],"b":0}})");
  CHECK(ParseJson("7").dump() == "7");
}

TEST_CASE("what is not JSON is named with its line and column") {
  using Catch::Matchers::StartsWith;
  CHECK_THAT(ParseErrorOf("{\"a\": 1,\n  \"b\" 2}"),
             StartsWith("not JSON: line 2, column 7: syntax"));
  CHECK_THAT(ParseErrorOf(""), StartsWith("not JSON: line 1, column 1: "));
  CHECK_THAT(ParseErrorOf("{} x"), StartsWith("not JSON: line 1, column 4: "));
  CHECK_THAT(ParseErrorOf("[1e999]"), StartsWith("not JSON: line 1, column "));
  CHECK_THAT(ParseErrorOf("[NaN]"), StartsWith("not JSON: "));
  CHECK_THAT(ParseErrorOf("[\"\xff\"]"), StartsWith("not JSON: "));
}

TEST_CASE("a key given twice is an error, at any level, empty or escaped") {
  CHECK(ParseErrorOf(R"({"a": 1, "a": 1})") == "/a: key \"a\" is given twice, expected once");
  CHECK(ParseErrorOf(R"({"x": [0, {"a/b": 1, "a/b": 2}]})") ==
        "/x/1/a~1b: key \"a/b\" is given twice, expected once");
  CHECK(ParseErrorOf(R"({"": 1, "": 2})") == "/: key \"\" is given twice, expected once");
  CHECK(ParseErrorOf(R"({"a": {"b": 1}, "b": {"a": 1}})") == "no error");
}

TEST_CASE("64 levels are the most") {
  CHECK(ParseErrorOf(Nested(kMaxJsonDepth)) == "no error");
  CHECK_THAT(ParseErrorOf(Nested(kMaxJsonDepth + 1)),
             Catch::Matchers::EndsWith("/0: nested deeper than 64 levels, expected at most that"));
  CHECK_THAT(ParseErrorOf(Nested(1'000'000)),
             Catch::Matchers::ContainsSubstring("nested deeper than 64"));
}

TEST_CASE("a file that cannot be read or is too large is an error") {
  const TestFolder folder;
  CHECK_THROWS_WITH(ReadJsonFile(folder / "missing.json"),
                    "cannot be opened, expected a readable JSON file");
  CHECK_THROWS_WITH(ReadJsonFile(folder / "."), "is a directory, expected a JSON file");
  CHECK(ReadJsonFile(folder.Write("small.json", "{\"a\": 1}"))["a"] == 1);
  const std::string large = '"' + std::string(kMaxJsonBytes, ' ') + '"';
  CHECK_THROWS_WITH(ReadJsonFile(folder.Write("large.json", large)),
                    "larger than 16777216 bytes, expected at most that");
}

}  // namespace
}  // namespace normsweep
