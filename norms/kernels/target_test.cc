#include "norms/kernels/target.h"

#include "norms/errors.h"
#include "norms/kernels/kernel_testing.h"
#include "norms/registry.h"

namespace normsweep::kernels {
namespace {

TEST_CASE("a forced target holds until the next, also for those that first ask for it later") {
  const std::string last = Targets().back();
  ForceTarget(last);  // before CurrentTarget's first call, which obeys the environment
  const std::string current = CurrentTarget();
  const NormalizerInfo info = Create({"batch", "native", {}}, {2, 3, 7})->Info();
  ForceTarget("");
  CHECK(current == last);
  CHECK(info.implementation == last);
  CHECK(CurrentTarget() == Targets().front());
}

TEST_CASE("an unknown target is an error that names the known ones, and changes nothing") {
  testing::ForTargets([] {
    const std::string before = CurrentTarget();
    CHECK_THROWS_AS(ForceTarget("MMX"), UnknownNameError);
    CHECK_THROWS_WITH(ForceTarget("MMX"), Catch::Matchers::ContainsSubstring("\"MMX\"") &&
                                              Catch::Matchers::ContainsSubstring(before));
    CHECK(CurrentTarget() == before);
  });
}

}  // namespace
}  // namespace normsweep::kernels
