#include "harness/cli/command_line.h"

#include <sstream>

#include "harness/testing/folder.h"
#include "norms/registry.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

struct Said {
  int status;
  std::string out, err;
};

Said Say(std::vector<std::string> arguments) {
  std::ostringstream out, err;
  arguments.insert(arguments.begin(), "normsweep");
  const int status =
      RunCommandLine(arguments, {}, {&out, &err, {false, [] { return 80; }, {}}, false});
  return {status, out.str(), err.str()};
}

TEST_CASE("bad usage is exit status 2, help and version are 0") {
  CHECK(Say({}).status == kBadUsage);
  CHECK(Say({"jump"}).status == kBadUsage);
  CHECK(Say({"run"}).status == kBadUsage);
  CHECK(Say({"run", "a.json", "--jump"}).status == kBadUsage);
  CHECK(Say({"run", "a.json", "--jobs", "0"}).status == kBadUsage);
  CHECK(Say({"run", "a.json", "--jobs", "x"}).status == kBadUsage);
  CHECK(Say({"apply", "--mode", "test"}).status == kBadUsage);
  CHECK(Say({"--help"}).status == kAllGood);
  CHECK(Say({"run", "--help"}).out.find("--filter") != std::string::npos);
  CHECK(Say({"--version"}).out == "0.1.0\n");
}

TEST_CASE("list names every normalizer, its options and its backends") {
  const Said said = Say({"list"});
  CHECK(said.status == kAllGood);
  for (const NormalizerKind& kind : NormalizerKinds()) {
    CHECK(said.out.find(std::string("\n  ") + kind.name + ": ") != std::string::npos);
  }
  CHECK(said.out.find("groups (32): ") != std::string::npos);
  CHECK(said.out.find("not onednn: oneDNN has no spectral normalization") != std::string::npos);
  CHECK(said.out.find("  cifar10\n") != std::string::npos);
  CHECK(said.out.find("  resnet\n") != std::string::npos);
}

TEST_CASE("a missing config is named") {
  const Said said = Say({"validate", "/nonexistent.json"});
  CHECK(said.status == kBadUsage);
  CHECK(said.err ==
        "normsweep: /nonexistent.json: cannot be opened, expected a readable JSON file\n");
}

TEST_CASE("setting with --set: takes one value, arrays and objects too, and may come again") {
  const TestFolder folder;
  const std::string path = folder.Write("c.json", R"({"name": "c", "experiment": "train"})");
  const Said said = Say({"validate", "--set", "network.hidden=[4,0]", path, "--set",
                         "dataset={\"name\": \"mnist\"}", "--set", "network.name=mlp", "--set",
                         "normalizer={\"name\": \"none\"}"});
  CHECK(said.err == "normsweep: " + path +
                        ": /network/hidden/1: 0, expected an integer from 1 to "
                        "1048576\n");
}

}  // namespace
}  // namespace normsweep
