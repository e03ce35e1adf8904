#include "harness/report/files.h"

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

}  // namespace
}  // namespace normsweep
