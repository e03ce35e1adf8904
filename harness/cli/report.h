// The pictures and report.html of a run's results, made by scripts/plot.py.
#pragma once

#include <atomic>
#include <filesystem>
#include <string>

namespace normsweep {

struct ReportTools {
  std::string python = "/usr/bin/python3";  // for which distributions package matplotlib
  std::string script;                       // empty: not found
};

// scripts/plot.py of the tree in which `binary` was built, or share/normsweep/plot.py beside the
// bin/ into which it was installed; empty where neither is.
std::string FindPlotScript(const std::filesystem::path& binary);

ReportTools ToolsOfThisBinary();

// Runs the script on a folder of results and waits for it. Returns what to tell the user, one line
// without its end and without control characters: "report in FOLDER/report.html", or "no report: "
// with the reason and, where one is missing, the package to install. Once *interrupted is not zero
// the script and what it has started are ended too: by SIGTERM, a second later by SIGKILL; until
// then SIGINT and SIGTERM are ignored.
std::string MakeReport(const ReportTools& tools, const std::string& folder,
                       const std::atomic<int>* interrupted);

}  // namespace normsweep
