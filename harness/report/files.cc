#include "harness/report/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <system_error>
#include <vector>

#include "norms/errors.h"

namespace normsweep {

FileSet::~FileSet() {
  std::error_code ignored;
  for (const auto& [temporary, path] : files_) std::filesystem::remove(temporary, ignored);
}

namespace {

// Where a link leads, so that the link stays. Throws for what a renamed file would take the place
// of: a folder, a device, a pipe.
std::string FileBehind(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    throw Error("cannot write " + path + ": it is a folder, expected a file");
  }
  if (std::filesystem::exists(status) && !std::filesystem::is_regular_file(status)) {
    throw Error("cannot write " + path + ": it is a device or a pipe, expected a file");
  }
  if (!std::filesystem::is_symlink(std::filesystem::symlink_status(path, error))) return path;
  const auto target = std::filesystem::weakly_canonical(path, error);
  return error ? path : target.string();
}

// 0, or why not.
int WriteAndSync(int file, const std::string& content) {
  size_t written = 0;
  while (written < content.size()) {
    const ssize_t count = ::write(file, content.data() + written, content.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    written += static_cast<size_t>(count);
  }
  return ::fsync(file) == 0 ? 0 : errno;
}

// A file's new name is its folder's content. Not every file system can; then the name is as safe as
// it ever is there.
void SyncFolder(const std::string& folder) {
  const int file =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return;
  ::fsync(file);
  ::close(file);
}

}  // namespace

void CreateFolder(const std::string& folder) {
  namespace fs = std::filesystem;
  std::error_code error;
  std::vector<fs::path> parents;  // of the folders that are not there yet
  for (fs::path path = folder; !path.empty() && !fs::exists(path, error);
       path = path.parent_path()) {
    parents.push_back(path.parent_path());
  }
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder)) {
    throw Error("cannot create the folder " + folder + ": " +
                (error ? error.message() : "it is a file"));
  }
  for (const fs::path& parent : parents) SyncFolder(parent.string());
}

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  path_ = (std::filesystem::temp_directory_path(error) / "normsweep-XXXXXX").string();
  if (error) throw Error("there is no folder for temporary files ($TMPDIR): " + error.message());
  if (::mkdtemp(path_.data()) == nullptr) {
    throw Error("cannot create the folder " + path_ + ": " + std::strerror(errno));
  }
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void FileSet::Add(const std::string& given, const std::string& content) {
  const std::string path = FileBehind(given);
  for (const auto& [unused, other] : files_) {
    if (other == path) throw Error("cannot write " + path + " twice, expected different files");
  }
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".part";
  files_.emplace_back(temporary, path);
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (file < 0) throw Error("cannot write " + path + ": " + std::strerror(errno));
  const int failure = WriteAndSync(file, content);
  const bool closed = ::close(file) == 0;
  if (failure != 0 || !closed) {
    throw Error("cannot write " + path + ": " + std::strerror(failure != 0 ? failure : errno));
  }
}

void FileSet::Commit() {
  std::set<std::string> folders;
  for (const auto& [temporary, path] : files_) {
    std::error_code error;
    std::filesystem::rename(temporary, path, error);
    if (error) throw Error("cannot write " + path + ": " + error.message());
    folders.insert(std::filesystem::path(path).parent_path().string());
  }
  files_.clear();
  for (const std::string& folder : folders) SyncFolder(folder);
}

}  // namespace normsweep
