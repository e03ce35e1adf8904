// RapidCheck's properties in Catch2, the same cases in every run unless RC_PARAMS asks for others.
#pragma once

#include <rapidcheck.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <utility>

#include "norms/testing/catch.h"

namespace normsweep::testing {

// Tells nobody: what there is to say is in the result.
class SilentListener : public rc::detail::TestListener {
 public:
  void onTestCaseFinished(const rc::detail::CaseDescription& /*description*/) override {}
  void onShrinkTried(const rc::detail::CaseDescription& /*shrink*/, bool /*accepted*/) override {}
  void onTestFinished(const rc::detail::TestMetadata& /*metadata*/,
                      const rc::detail::TestResult& /*result*/) override {}
};

// `property` takes generated arguments and throws, by RC_FAIL or RC_ASSERT, where it does not hold.
// Of `cases` successes and a seed of its own, so that a failure in CI is the same everywhere;
// RC_PARAMS="seed=7 max_success=100000" replaces what it names. A failure shows the smallest
// counterexample that shrinking finds.
template <class Property>
void CheckProperty(const std::string& name, int cases, Property&& property) {
  rc::detail::Configuration configuration;
  configuration.testParams.seed = 20;
  configuration.testParams.maxSuccess = cases;
  const char* asked = std::getenv("RC_PARAMS");
  if (asked != nullptr) configuration = rc::detail::configFromString(asked, configuration);
  SilentListener listener;
  const rc::detail::TestResult result = rc::detail::checkTestable(
      std::forward<Property>(property), rc::detail::TestMetadata{name, name},
      configuration.testParams, listener, configuration.reproduce);
  std::ostringstream message;
  rc::detail::printResultMessage(result, message);
  INFO(name << ", seed " << configuration.testParams.seed << ": " << message.str());
  CHECK(result.template is<rc::detail::SuccessResult>());
}

}  // namespace normsweep::testing
