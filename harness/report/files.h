// Files that appear whole or not at all.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace normsweep {

// With its parents, and on the disk. Throws Error, naming it.
void CreateFolder(const std::string& folder);

// A new folder of nobody else's, in $TMPDIR or /tmp; goes with all that is in it. Throws Error.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Writes each file under a name of its own beside its place; Commit moves all of them there.
// Without a Commit the destructor takes them back. A link to a file stays and the file is replaced.
// What is in its place after a Commit is on the disk, whatever the power does. Throws Error, naming
// the file and the reason.
class FileSet {
 public:
  FileSet() = default;
  ~FileSet();
  FileSet(const FileSet&) = delete;
  FileSet& operator=(const FileSet&) = delete;

  void Add(const std::string& given, const std::string& content);
  void Commit();

 private:
  std::vector<std::pair<std::string, std::string>> files_;  // name now, name after Commit
};

}  // namespace normsweep
