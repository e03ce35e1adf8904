#include "harness/cli/report.h"

#include <sys/wait.h>

#include <system_error>

#include "harness/process/child.h"

namespace normsweep {
namespace {

constexpr const char* kPackages = "install the packages python3 and python3-matplotlib";

}  // namespace

std::string FindPlotScript(const std::filesystem::path& binary) {
  const std::filesystem::path folder = binary.parent_path();
  for (const char* place : {"../../scripts/plot.py", "../share/normsweep/plot.py"}) {
    const std::filesystem::path script = (folder / place).lexically_normal();
    std::error_code error;
    if (std::filesystem::is_regular_file(script, error)) return script.string();
  }
  return "";
}

ReportTools ToolsOfThisBinary() {
  std::error_code error;
  ReportTools tools;
  tools.script = FindPlotScript(std::filesystem::read_symlink("/proc/self/exe", error));
  return tools;
}

std::string MakeReport(const ReportTools& tools, const std::string& folder,
                       const std::atomic<int>* interrupted) {
  const std::string none = "no report: ";
  if (tools.script.empty()) {
    return none +
           "plot.py is neither in ../../scripts nor in ../share/normsweep of the program; "
           "call it with " +
           folder;
  }
  // An absolute path is no option, whatever the folder is called.
  const std::string path = std::filesystem::absolute(folder).string();
  const ChildEnd end =
      RunChild({tools.python, "-B", tools.script, path},
               {[interrupted] { return interrupted != nullptr && *interrupted != 0; }, 0});
  if (!end.failure.empty()) {
    return none + tools.python + ": " + end.failure + "; " + kPackages;
  }
  if (WIFEXITED(end.status) && WEXITSTATUS(end.status) == 0) {
    return "report in " + folder + "/report.html";
  }
  if (interrupted != nullptr && *interrupted != 0) return none + "interrupted";
  const std::string reason = LastLine(end.complaints);
  return none + (reason.empty() ? tools.script + " failed" : reason);
}

}  // namespace normsweep
