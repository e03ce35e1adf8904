#include "harness/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <functional>
#include <utility>

#include "harness/cli/apply_command.h"
#include "harness/cli/interrupt.h"
#include "harness/cli/list_command.h"
#include "harness/cli/merge_command.h"
#include "harness/cli/report.h"
#include "harness/cli/run_command.h"
#include "harness/report/environment.h"
#include "harness/run/isolated_case.h"
#include "norms/errors.h"
#include "norms/kernels/target.h"

namespace normsweep {
namespace {

constexpr int kMostThreads = 1024;

void AddSettings(CLI::App* command, std::vector<std::string>* configs,
                 std::vector<std::string>* settings) {
  command->add_option("CONFIG", *configs, "Config files (JSON)")->required();
  command
      ->add_option(
          "--set", *settings,
          "PATH=VALUE: change a config; VALUE is JSON, or else a string; a swept path then "
          "takes this value only; sweep.PATH=[...] sets an axis")
      ->allow_extra_args(false)
      ->type_name("PATH=VALUE");
}

void AddEnd(CLI::App* command, bool* require_claims, bool* no_report) {
  command->add_flag("--require-claims", *require_claims,
                    "Exit with 1 when a claim of a config is not supported");
  command->add_flag("--no-report", *no_report,
                    "Do not make the pictures and report.html, which take python3-matplotlib");
}

// Long sweeps: going on, sharing the cases, surviving them.
void AddLongRun(CLI::App* run, RunOptions* options) {
  run->add_flag("--fresh", options->fresh,
                "Do not go on from the journal that is there; it is kept as a backup");
  run->add_option_function<std::string>(
         "--shard",
         [options](const std::string& text) { options->selection.shard = ParseShard(text); },
         "Only every N-th case, for one of N machines or jobs; `normsweep merge` joins them")
      ->type_name("I/N")
      ->check([](const std::string& text) -> std::string {
        try {
          ParseShard(text);
          return "";
        } catch (const Error& error) {
          return error.what();
        }
      });
  run->add_flag("--estimate", options->estimate,
                "Run the first case of each kind (64 at most), say how long the others take, and "
                "end; what was run is kept");
  run->add_flag("--isolate", options->isolate,
                "Each case in a process of its own: one that crashes, hangs or takes all memory is "
                "a row that says so. Trials that select a value are run for each case");
  run->add_option("--case-seconds", options->case_seconds, "With --isolate: end a case after this")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  run->add_option("--case-memory", options->case_memory,
                  "With --isolate: the most that a case may take, such as 2GB (2^31 bytes)")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  run->add_option("--isolated-from", options->isolated_from)->group("");  // not for people
}

CLI::App* AddRun(CLI::App* app, RunOptions* options) {
  CLI::App* run = app->add_subcommand("run", "Run every case of the configs and write the results");
  AddSettings(run, &options->configs, &options->settings);
  run->add_option("--output", options->output,
                  "Folder for the results, one folder a config in it (default: results)")
      ->type_name("DIR");
  run->add_option("--data", options->data, "Folder of the data sets (default: $NORMSWEEP_DATA)")
      ->type_name("DIR");
  run->add_option(
         "--threads", options->threads,
         "Threads of one case, where it uses several (default: 1 in check, all cores in speed)")
      ->check(CLI::Range(1, kMostThreads));
  run->add_option("--jobs", options->jobs, "Cases side by side (default: all cores)")
      ->check(CLI::Range(1, kMostThreads));
  run->add_option("--filter", options->selection.filter,
                  "Only cases whose coordinates, as --dry-run shows them, match; no files are "
                  "written then without --output")
      ->type_name("REGEX");
  run->add_option("--case", options->selection.hash, "Only this case; files as for --filter")
      ->type_name("HASH");
  AddLongRun(run, options);
  AddEnd(run, &options->require_claims, &options->no_report);
  run->add_flag("--dry-run", options->dry_run,
                "Check the configs and show their cases and what they will take");
  return run;
}

CLI::App* AddMerge(CLI::App* app, MergeOptions* options) {
  CLI::App* merge = app->add_subcommand(
      "merge", "Join the shards of a run (run --shard) into the results of the whole");
  merge->add_option("DIR", options->folders, "The shards' folders: <output>/<name> of each")
      ->required();
  merge
      ->add_option("--output", options->output,
                   "Folder for the results, which come into a folder of the config's name in it")
      ->required()
      ->type_name("DIR");
  merge->add_flag("--fresh", options->fresh,
                  "Keep a journal of another run that is there as a backup");
  AddEnd(merge, &options->require_claims, &options->no_report);
  return merge;
}

CLI::App* AddApply(CLI::App* app, ApplyOptions* options) {
  CLI::App* apply = app->add_subcommand(
      "apply",
      "Run one normalizer once on NumPy files: float32 or float64, [N, C, ...] in channels_first, "
      "[N, ..., C] in channels_last, a weight [O, I, ...]. native and onednn compute in float32 "
      "(float64 input is rounded to it), reference in float64; files are written in that type. A "
      "weight's normalizer is started from the input (seed 0) before --param and --buffer.");
  apply->add_option("--normalizer", options->normalizer, "As `normsweep list` names it")
      ->required();
  apply->add_option("--backend", options->backend, "As `normsweep list` names it")
      ->capture_default_str();
  apply->add_option("--options", options->options, "Options of the normalizer")
      ->capture_default_str()
      ->type_name("JSON");
  apply->add_option("--mode", options->mode)
      ->capture_default_str()
      ->check(CLI::IsMember({"train", "eval"}));
  apply->add_option("--layout", options->layout)
      ->capture_default_str()
      ->check(CLI::IsMember({"channels_first", "channels_last"}));
  apply->add_option("--input", options->input, "x")->required()->type_name("FILE");
  apply->add_option("--output", options->output, "y")->required()->type_name("FILE");
  apply->add_option("--param", options->parameters, "Value of a parameter, such as gamma")
      ->allow_extra_args(false)
      ->type_name("NAME=FILE");
  apply->add_option("--buffer", options->buffers, "Value of a buffer, such as running_mean")
      ->allow_extra_args(false)
      ->type_name("NAME=FILE");
  apply->add_option("--grad-output", options->grad_output, "dL/dy, to go backward from")
      ->type_name("FILE");
  apply->add_option("--grad-input", options->grad_input, "dL/dx")->type_name("FILE");
  apply
      ->add_option("--save-state", options->save_state,
                   "Folder for every PARAMETER.npy, PARAMETER.grad.npy and BUFFER.npy")
      ->type_name("DIR");
  apply->add_option("--threads", options->threads, "Threads (default: all cores)")
      ->check(CLI::Range(1, kMostThreads));
  return apply;
}

// Nothing when the command line is good; the exit status where there is nothing left to do.
std::optional<int> Parse(CLI::App* app, const std::vector<std::string>& arguments,
                         const Console& console) {
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  reversed.pop_back();  // the program
  try {
    app->parse(reversed);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    const int status = app->exit(error, *console.out, *console.err);
    return status == 0 ? kAllGood : kBadUsage;
  }
}

std::function<std::string(const std::string&)> Reporter(const std::atomic<int>* interrupted) {
  return [interrupted](const std::string& folder) {
    return MakeReport(ToolsOfThisBinary(), folder, interrupted);
  };
}

int Run(const std::vector<std::string>& arguments, std::span<const ExperimentKind> experiments,
        RunOptions options, const Console& console) {
  options.command_line = arguments;
  options.data_given = !options.data.empty();
  const char* data = std::getenv("NORMSWEEP_DATA");
  if (!options.data_given && data != nullptr) options.data = data;
  try {
    kernels::CurrentTarget();  // obeys NORMSWEEP_TARGET
  } catch (const UnknownNameError& error) {
    *console.err << "normsweep: NORMSWEEP_TARGET: " << error.what() << '\n';
    return kBadUsage;
  }
  if (options.isolated_from > 0) EnterIsolation(options.isolated_from, options.case_memory);
  const std::atomic<int>* interrupted = CatchInterrupts();
  options.report = Reporter(interrupted);
  return RunCommand(options, experiments, interrupted, console);
}

}  // namespace

int RunCommandLine(const std::vector<std::string>& arguments,
                   std::span<const ExperimentKind> experiments, const Console& console) {
  CLI::App app("Compares the normalization layers of deep learning", "normsweep");
  app.set_version_flag("--version", NormsweepVersion());
  app.require_subcommand(1);
  RunOptions run_options;
  MergeOptions merge_options;
  ApplyOptions apply_options;
  std::vector<std::string> configs, settings;
  const CLI::App* run = AddRun(&app, &run_options);
  CLI::App* validate = app.add_subcommand("validate", "Check configs without running them");
  AddSettings(validate, &configs, &settings);
  const CLI::App* merge = AddMerge(&app, &merge_options);
  const CLI::App* list = app.add_subcommand("list", "Show normalizers, experiments and data sets");
  AddApply(&app, &apply_options);
  if (const auto status = Parse(&app, arguments, console)) return *status;

  if (run->parsed()) return Run(arguments, experiments, std::move(run_options), console);
  if (merge->parsed()) {
    merge_options.command_line = arguments;
    merge_options.interrupted = CatchInterrupts();
    merge_options.report = Reporter(merge_options.interrupted);
    return MergeCommand(merge_options, experiments, console);
  }
  if (validate->parsed()) return ValidateCommand(configs, settings, experiments, console);
  if (list->parsed()) return ListCommand(experiments, console);
  return ApplyCommand(apply_options, console);
}

}  // namespace normsweep
