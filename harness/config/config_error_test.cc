#include "harness/config/config_error.h"

#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("a config error reads as its pointer and its message") {
  const ConfigError error("/sweep/batch_size/1", "0, expected an integer of 1 or more");
  CHECK(std::string(error.what()) == "/sweep/batch_size/1: 0, expected an integer of 1 or more");
  CHECK(std::string(ConfigError("", "empty file").what()) == "empty file");
}

}  // namespace
}  // namespace normsweep
