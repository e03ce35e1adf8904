// Plans of configs that tests have as text.
#pragma once

#include <string>
#include <vector>

#include "harness/run/plan.h"
#include "harness/testing/folder.h"

namespace normsweep {

inline Plan PlanOf(const std::string& config, const std::vector<std::string>& settings = {}) {
  const TestFolder folder;
  return MakePlan(folder.Write("t.json", config), settings, Experiments());
}

}  // namespace normsweep
