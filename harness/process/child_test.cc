#include "harness/process/child.h"

#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "harness/testing/folder.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Catch::Matchers::ContainsSubstring;

std::vector<std::string> Shell(const std::string& command) { return {"sh", "-c", command}; }

TEST_CASE("a child's status, signal and complaints are its own") {
  const ChildEnd good = RunChild(Shell("echo no; echo -n a >&2; echo b >&2; exit 7"), {});
  CHECK(good.failure.empty());
  CHECK(WEXITSTATUS(good.status) == 7);
  CHECK(good.complaints == "ab\n");
  CHECK(WTERMSIG(RunChild(Shell("kill -SEGV $$"), {}).status) == SIGSEGV);
  CHECK_THAT(RunChild({"/none/such"}, {}).failure, ContainsSubstring("No such file"));
}

TEST_CASE("a child's input is empty, and of much that it writes the end is kept") {
  CHECK(WEXITSTATUS(RunChild(Shell("cat | grep -q . && exit 1 || exit 5"), {}).status) == 5);
  const ChildEnd end =
      RunChild(Shell("for i in $(seq 1 20000); do echo 0123456789; done >&2; echo end >&2"), {});
  CHECK(end.complaints.size() >= 16384);
  CHECK(end.complaints.size() <= 2 * 16384);
  CHECK(LastLine(end.complaints) == "end");
}

TEST_CASE("a child whose time is up is killed with what it has started") {
  const TestFolder folder;
  const std::string file = folder / "late";
  const ChildEnd end = RunChild(Shell("(sleep 2; echo > '" + file + "') & sleep 60"), {{}, 0.2});
  CHECK(end.timed_out);
  CHECK(WTERMSIG(end.status) == SIGKILL);
  std::this_thread::sleep_for(std::chrono::milliseconds(2500));
  CHECK_FALSE(folder.Has("late"));
}

TEST_CASE("a child that is to stop is asked, and then killed") {
  int asked = 0;
  const ChildEnd gives_way = RunChild(Shell("sleep 60"), {[&] { return ++asked > 3; }, 0});
  CHECK_FALSE(gives_way.timed_out);
  CHECK(WTERMSIG(gives_way.status) == SIGTERM);
  CHECK(asked == 4);
  const TestFolder folder;
  const ChildEnd deaf =
      RunChild(Shell("trap '' TERM; : > '" + folder / "deaf" + "'; while :; do sleep 1; done"),
               {[&] { return folder.Has("deaf"); }, 0});
  CHECK(WTERMSIG(deaf.status) == SIGKILL);
}

TEST_CASE("where SIGCHLD is ignored, the status is said to be lost") {
  struct sigaction ignore = {}, before = {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, &before);
  const ChildEnd end = RunChild(Shell("exit 1"), {});
  ::sigaction(SIGCHLD, &before, nullptr);
  CHECK_THAT(end.failure, ContainsSubstring("its status is lost"));
}

TEST_CASE("the last line of a text, without what a terminal would obey") {
  CHECK(LastLine("a\nb\n\n") == "b");
  CHECK(LastLine("") == "");
  CHECK(LastLine("x\x1b[2J\x7f\xC2\x9By\xC3\xA4") == "x?[2J??y\xC3\xA4");
}

}  // namespace
}  // namespace normsweep
