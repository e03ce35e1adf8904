#include "harness/run/plan.h"

#include <regex>
#include <utility>

#include "harness/config/config_error.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

const ExperimentKind& FindExperiment(const std::string& name,
                                     std::span<const ExperimentKind> experiments) {
  for (const ExperimentKind& kind : experiments) {
    if (name == kind.name) return kind;
  }
  throw ConfigError("/experiment", "\"" + name + "\" is not in this build, expected one of" +
                                       QuotedNames(experiments, &ExperimentKind::name));
}

void ValidateCases(const Plan& plan) {
  for (size_t i = 0; i < plan.cases.size(); ++i) {
    try {
      plan.experiment->Validate(plan.cases[i].resolved);
    } catch (const ConfigError& error) {
      const std::vector<Axis>& axes = plan.config.axes;
      const auto number = static_cast<int64_t>(i);
      const bool has_product = plan.experiment->HasProduct(plan.config.document);
      if (!has_product || number >= NumCases(axes)) throw;
      throw ConfigError(PointerInFile(axes, IndicesOf(axes, number), error.pointer()),
                        error.message());
    }
  }
}

}  // namespace

Plan MakePlan(const std::string& path, const std::vector<std::string>& settings,
              std::span<const ExperimentKind> experiments) {
  Plan plan;
  plan.config = LoadConfig(path, settings);
  plan.kind = &FindExperiment(plan.config.experiment, experiments);
  plan.experiment = plan.kind->make();
  if (plan.experiment->HasProduct(plan.config.document)) plan.cases = ExpandCases(plan.config);
  for (const nlohmann::json& extra : plan.experiment->ExtraCases(plan.config.document)) {
    plan.cases.push_back(MakeExtraCase(plan.config, extra));
  }
  ValidateCases(plan);
  plan.claims = ReadClaims(plan.config, plan.cases);
  return plan;
}

void Select(const Selection& selection, Plan* plan) {
  if (!selection.hash.empty()) {
    std::erase_if(plan->cases, [&](const SweepCase& one) { return one.hash != selection.hash; });
    if (plan->cases.empty()) {
      throw ConfigError(
          "", "--case " + selection.hash + ": no such case, expected a hash that --dry-run shows");
    }
  }
  if (selection.filter.empty()) return;
  try {
    const std::regex expression(selection.filter);
    std::erase_if(plan->cases, [&](const SweepCase& one) {
      return !std::regex_search(one.coordinates, expression);
    });
  } catch (const std::regex_error& error) {
    throw ConfigError(
        "", "--filter " + selection.filter + ": expected a regular expression: " + error.what());
  }
  if (plan->cases.empty()) {
    throw ConfigError("", "--filter " + selection.filter +
                              ": matches no case, expected a part of what --dry-run shows");
  }
}

}  // namespace normsweep
