// Config files with --set settings, as `normsweep validate` reads them: a ConfigError, or a plan
// whose results stay in the output folder. An input is the file's text and, each behind a zero
// byte, the settings.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "harness/config/config_error.h"
#include "harness/experiments/registry.h"
#include "harness/run/plan.h"
#include "harness/testing/fuzzing.h"
#include "harness/testing/json_mutator.h"

namespace normsweep {
namespace {

// A plan is not expanded beyond this: a million cases are allowed, and take minutes.
constexpr int64_t kMostCases = 100;

std::vector<std::string> SplitAtZeros(const std::string& input) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end = 0; end != std::string::npos; begin = end + 1) {
    end = input.find('\0', begin);
    parts.push_back(input.substr(begin, end - begin));
  }
  return parts;
}

void CheckPlan(const std::string& path, const std::vector<std::string>& settings) {
  const Config config = LoadConfig(path, settings);
  namespace fs = std::filesystem;
  const fs::path folder = (fs::path("output") / config.name).lexically_normal();
  Require(folder.parent_path() == "output" && folder.has_filename() && folder.filename() != "..",
          "the results stay in the output folder");
  if (NumCases(config.axes) > kMostCases) return;
  const Plan plan = MakePlan(path, settings, Experiments());
  Require(plan.config.document == config.document, "the same document again");
  for (const SweepCase& one : plan.cases) {
    Require(one.hash == CaseHash(one.resolved), "a case has its hash");
  }
}

// The input with its file's text mutated as JSON; empty where it is none.
std::string MutateText(const std::string& input, unsigned seed) {
  const size_t end = std::min(input.find('\0'), input.size());
  auto document =
      nlohmann::ordered_json::parse(input.substr(0, end), nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) return "";
  JsonMutator(seed).Mutate(&document);
  using Handler = nlohmann::ordered_json::error_handler_t;
  return document.dump(-1, ' ', false, Handler::replace) + input.substr(end);
}

}  // namespace
}  // namespace normsweep

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t most);

// Half of the mutations are libFuzzer's own, on the bytes with the words of its dictionary.
extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t most, unsigned seed) {
  if (seed % 2 == 0) {
    const std::string mutated =
        normsweep::MutateText({reinterpret_cast<const char*>(data), size}, seed);
    if (!mutated.empty() && mutated.size() <= most) {
      std::memcpy(data, mutated.data(), mutated.size());
      return mutated.size();
    }
  }
  return LLVMFuzzerMutate(data, size, most);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> parts =
      normsweep::SplitAtZeros({reinterpret_cast<const char*>(data), size});
  const int file = normsweep::FileInMemory(parts.front());
  parts.erase(parts.begin());
  try {
    normsweep::CheckPlan("/proc/self/fd/" + std::to_string(file), parts);
  } catch (const normsweep::ConfigError& error) {
    normsweep::Require(!error.message().empty(), "an error says something");
  }
  close(file);
  return 0;
}
