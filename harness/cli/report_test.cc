#include "harness/cli/report.h"

#include <chrono>

#include "harness/testing/folder.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

// Stands in for Python: a shell script, called as `python -B plot.py FOLDER`.
ReportTools Fake(const TestFolder& folder, const std::string& body) {
  const std::string path = folder.Write("python", "#!/bin/sh\n" + body + "\n");
  std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  return {path, "plot.py"};
}

TEST_CASE("a report: where it is") {
  const TestFolder folder;
  const ReportTools tools = Fake(folder, "echo \"$1 $2\" >\"$3/report.html\"; echo warning >&2");
  CHECK(MakeReport(tools, folder.path(), nullptr) == "report in " + folder / "report.html");
  CHECK(folder.Read("report.html") == "-B plot.py\n");
}

TEST_CASE("a report: its script is found from the program") {
  const TestFolder folder;
  CHECK(FindPlotScript(folder / "tree/build/release/normsweep").empty());
  folder.Write("tree/scripts/plot.py", "");
  CHECK(FindPlotScript(folder / "tree/build/release/normsweep") == folder / "tree/scripts/plot.py");
  folder.Write("usr/share/normsweep/plot.py", "");
  CHECK(FindPlotScript(folder / "usr/bin/normsweep") == folder / "usr/share/normsweep/plot.py");
  CHECK(FindPlotScript("").empty());
}

TEST_CASE("a report: what is missing is named, with the package to install") {
  const TestFolder folder;
  CHECK(MakeReport({folder / "python", "plot.py"}, "out", nullptr) ==
        "no report: " + folder / "python" +
            ": No such file or directory; install the packages python3 and python3-matplotlib");
  CHECK(MakeReport({"/bin/sh", ""}, "out", nullptr).find("no report: plot.py is neither") == 0);
  const char* missing = "echo 'Traceback\n  more\nplot.py: matplotlib is missing\n' >&2; exit 1";
  CHECK(MakeReport(Fake(folder, missing), "out", nullptr) ==
        "no report: plot.py: matplotlib is missing");
  CHECK(MakeReport(Fake(folder, "exit 3"), "out", nullptr) == "no report: plot.py failed");
}

TEST_CASE("a report: much that is said does not block it") {
  const TestFolder folder;
  const ReportTools tools = Fake(folder, "head -c 300000 /dev/zero | tr '\\0' x >&2; exit 0");
  CHECK(MakeReport(tools, "out", nullptr) == "report in out/report.html");
}

TEST_CASE("a report: an interrupt ends it") {
  const TestFolder folder;
  const std::atomic<int> interrupted = 2;
  const auto start = std::chrono::steady_clock::now();
  CHECK(MakeReport(Fake(folder, "exec sleep 30"), "out", &interrupted) == "no report: interrupted");
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

}  // namespace
}  // namespace normsweep
