#include "harness/cli/report.h"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

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

// Seconds that making a report takes; *said: what is told.
double SecondsOf(const ReportTools& tools, const std::string& folder,
                 const std::atomic<int>* interrupted, std::string* said) {
  const auto start = std::chrono::steady_clock::now();
  *said = MakeReport(tools, folder, interrupted);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST_CASE("a report: ends with its script, whoever else still has its standard error") {
  const TestFolder folder;
  std::string said;
  CHECK(SecondsOf(Fake(folder, "sleep 8 & echo $! >\"$3/pid\"; echo last >&2; exit 1"),
                  folder.path(), nullptr, &said) < 6);
  CHECK(said == "no report: last");
  ::kill(std::stoi(folder.Read("pid")), SIGKILL);
}

TEST_CASE("a report: waits for a script that closes its standard error") {
  const TestFolder folder;
  std::string said;
  CHECK(SecondsOf(Fake(folder, "exec 2>&-; sleep 0.3; exit 0"), "out", nullptr, &said) >= 0.3);
  CHECK(said == "report in out/report.html");
}

TEST_CASE("a report: an interrupt ends it") {
  const TestFolder folder;
  const std::atomic<int> interrupted = 2;
  std::string said;
  CHECK(SecondsOf(Fake(folder, "exec sleep 30"), "out", &interrupted, &said) < 20);
  CHECK(said == "no report: interrupted");
}

// SecondsOf, interrupted once the script has written "ready" into `folder`.
double SecondsOfInterrupted(const TestFolder& folder, const std::string& body, std::string* said) {
  const ReportTools tools = Fake(folder, body);
  std::atomic<int> interrupted = 0;
  std::thread interrupt([&] {
    while (!std::filesystem::exists(folder / "ready")) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    interrupted = 2;
  });
  const double seconds = SecondsOf(tools, folder.path(), &interrupted, said);
  folder.Write("ready", "");  // whatever happened
  interrupt.join();
  return seconds;
}

TEST_CASE("a report: an interrupt ends what ignores it, and what that has started") {
  const TestFolder folder;
  std::string said;
  const char* body =
      "trap '' INT TERM; sleep 30 & echo $! >\"$3/pid\"; >\"$3/ready\"; "
      "while :; do sleep 0.1; done";
  CHECK(SecondsOfInterrupted(folder, body, &said) < 20);
  CHECK(said == "no report: interrupted");
  // Nobody may have collected its status yet: state Z is as good as gone.
  const std::string pid = std::to_string(std::stoi(folder.Read("pid")));
  const std::string alive = "sleep 0.2; grep -qs '^State:.[^ZX]' /proc/" + pid + "/status";
  CHECK(std::system(alive.c_str()) != 0);
}

TEST_CASE("a report: a second interrupt does not leave its script behind") {
  const TestFolder folder;
  std::string said;
  std::array<struct sigaction, 2> before{}, after{};
  ::sigaction(SIGINT, nullptr, &before[0]);
  ::sigaction(SIGTERM, nullptr, &before[1]);
  // The second one would end this process, at once and without the script.
  const char* body =
      "trap 'kill -INT $PPID; kill -TERM $PPID' TERM; >\"$3/ready\"; while :; do sleep 0.1; done";
  CHECK(SecondsOfInterrupted(folder, body, &said) >= 1);
  CHECK(said == "no report: interrupted");
  ::sigaction(SIGINT, nullptr, &after[0]);
  ::sigaction(SIGTERM, nullptr, &after[1]);
  for (size_t i = 0; i < 2; ++i) CHECK(before[i].sa_handler == after[i].sa_handler);
}

TEST_CASE("a report: control characters do not reach the terminal") {
  const TestFolder folder;
  const char* body = "printf 'a\\033[2Jb\\tc\\177d\\302\\233e \\303\\251\\r\\n' >&2; exit 1";
  CHECK(MakeReport(Fake(folder, body), "out", nullptr) == "no report: a?[2Jb?c?d?e \u00e9");
}

}  // namespace
}  // namespace normsweep
