#include "harness/cli/list_command.h"

#include <string>

#include "harness/config/schema.h"
#include "norms/registry.h"

namespace normsweep {
namespace {

const char* WhyNot(const std::string& name, const std::string& backend) {
  for (const RegistryRow& row : Registry()) {
    if (name != row.name || backend != row.backend) continue;
    return row.factory == nullptr ? row.why_not : nullptr;
  }
  return "not in this build";
}

void ListNormalizer(const NormalizerKind& kind, std::ostream* out) {
  *out << "  " << kind.name << ": " << kind.summary;
  if (*kind.paper != '\0') *out << " (arXiv " << kind.paper << ")";
  *out << "\n    normalizes: " << (kind.target == Target::kWeight ? "a weight" : "an activation")
       << "\n    backends:";
  for (const char* backend : Backends()) {
    const char* why_not = WhyNot(kind.name, backend);
    if (why_not == nullptr) *out << ' ' << backend;
  }
  *out << '\n';
  for (const char* backend : Backends()) {
    const char* why_not = WhyNot(kind.name, backend);
    if (why_not != nullptr) *out << "      not " << backend << ": " << why_not << '\n';
  }
  for (const OptionHelp& option : kind.options(nlohmann::json::object())) {
    *out << "    " << option.name << " (" << option.default_value << "): " << option.help << '\n';
  }
}

// The values that the schema allows at a place of a train config.
void ListNames(const char* title, const std::vector<std::string>& path, std::ostream* out) {
  *out << title << ":\n";
  for (const auto& name : (*FindSchema("train", path))["enum"]) {
    *out << "  " << name.get<std::string>() << '\n';
  }
}

}  // namespace

int ListCommand(std::span<const ExperimentKind> experiments, const Console& console) {
  std::ostream* out = console.out;
  *out << "normalizers, with their options and defaults:\n";
  for (const NormalizerKind& kind : NormalizerKinds()) ListNormalizer(kind, out);
  *out << "experiments:\n";
  for (const ExperimentKind& kind : experiments) {
    *out << "  " << kind.name << ": " << kind.summary << '\n';
  }
  ListNames("data sets", {"dataset", "name"}, out);
  ListNames("networks", {"network", "name"}, out);
  return kAllGood;
}

}  // namespace normsweep
