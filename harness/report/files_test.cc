#include "harness/report/files.h"

#include <sys/stat.h>

#include <filesystem>

#include "harness/testing/folder.h"
#include "norms/errors.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

TEST_CASE("files appear when all are complete") {
  const TestFolder folder;
  FileSet files;
  files.Add(folder / "a", "1");
  files.Add(folder / "b", "2");
  CHECK_FALSE(folder.Has("a"));
  files.Commit();
  CHECK(folder.Read("a") == "1");
  CHECK(folder.Read("b") == "2");
  CHECK(folder.Files() == 2);
}

TEST_CASE("an error leaves what was there") {
  const TestFolder folder;
  folder.Write("a", "old");
  {
    FileSet files;
    files.Add(folder / "a", "new");
    CHECK_THROWS_WITH(files.Add(folder / "no/b", "2"),
                      Catch::Matchers::StartsWith("cannot write " + folder / "no/b"));
  }
  CHECK(folder.Read("a") == "old");
  CHECK(folder.Files() == 1);
  CHECK_THROWS_AS(CreateFolder(folder / "a/b"), Error);
}

TEST_CASE("a link stays, and no file takes the place of a folder or a pipe") {
  const TestFolder folder;
  folder.Write("target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  FileSet files;
  files.Add(folder / "link", "new");
  CHECK_THROWS_WITH(
      files.Add(folder / "pipe", "x"),
      Catch::Matchers::ContainsSubstring("it is a device or a pipe, expected a file"));
  CHECK_THROWS_WITH(files.Add("/dev/null", "x"),
                    Catch::Matchers::ContainsSubstring("expected a file"));
  files.Commit();
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(folder.Read("target") == "new");
  CHECK(std::filesystem::is_fifo(folder / "pipe"));
}

}  // namespace
}  // namespace normsweep
