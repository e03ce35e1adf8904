#include "harness/cli/apply_command.h"

#include <omp.h>

#include "harness/apply/apply.h"
#include "harness/config/config_error.h"
#include "harness/config/json_file.h"
#include "harness/report/files.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

std::map<std::string, NpyArray> ReadNamed(const char* flag,
                                          const std::vector<std::string>& assignments) {
  std::map<std::string, NpyArray> arrays;
  for (const std::string& assignment : assignments) {
    const size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw ConfigError("", std::string(flag) + " " + assignment + ": expected NAME=FILE");
    }
    const std::string name = assignment.substr(0, equals);
    if (!arrays.emplace(name, ReadNpy(assignment.substr(equals + 1))).second) {
      throw ConfigError("", std::string(flag) + " " + name + " is given twice, expected once");
    }
  }
  return arrays;
}

nlohmann::json ReadOptions(const std::string& text) {
  try {
    nlohmann::json options = ParseJson(text);
    if (options.is_object()) return options;
    throw ConfigError("", text + ", expected an object of options");
  } catch (const ConfigError& error) {
    throw ConfigError("", std::string("--options: ") + error.what());
  }
}

ApplyInput ReadInput(const ApplyOptions& options) {
  if (options.grad_output.empty() != options.grad_input.empty()) {
    throw ConfigError("", "--grad-output and --grad-input belong together, expected both");
  }
  ApplyInput input;
  input.spec = {options.normalizer, options.backend, ReadOptions(options.options)};
  input.mode = options.mode == "train" ? Mode::kTrain : Mode::kEval;
  input.layout = options.layout == "channels_last" ? Layout::kChannelsLast : Layout::kChannelsFirst;
  CheckOptions(input.spec.name, input.spec.options);  // before the arrays, which may be large
  input.x = ReadNpy(options.input);
  input.parameters = ReadNamed("--param", options.parameters);
  input.buffers = ReadNamed("--buffer", options.buffers);
  if (!options.grad_output.empty()) input.dy = ReadNpy(options.grad_output);
  return input;
}

void WriteOutput(const ApplyOptions& options, const ApplyOutput& output) {
  FileSet files;
  files.Add(options.output, FormatNpy(output.y));
  if (output.dx) files.Add(options.grad_input, FormatNpy(*output.dx));
  if (!options.save_state.empty()) {
    CreateFolder(options.save_state);
    for (const auto& [name, array] : output.state) {
      files.Add(options.save_state + "/" + name + ".npy", FormatNpy(array));
    }
  }
  files.Commit();
}

int Complain(const Console& console, const std::string& what, int status) {
  *console.err << "normsweep: " << what << std::endl;
  return status;
}

}  // namespace

int ApplyCommand(const ApplyOptions& options, const Console& console) {
  try {
    if (options.threads > 0) omp_set_num_threads(options.threads);
    WriteOutput(options, Apply(ReadInput(options)));
    return kAllGood;
  } catch (const OptionError& error) {
    return Complain(console, std::string("--options: ") + error.what(), kBadUsage);
  } catch (const ConfigError& error) {
    return Complain(console, error.what(), kBadUsage);
  } catch (const UnknownNameError& error) {
    return Complain(console, error.what(), kBadUsage);
  } catch (const std::exception& error) {
    return Complain(console, error.what(), kRunBroke);
  }
}

}  // namespace normsweep
