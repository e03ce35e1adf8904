#include "harness/report/files.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <system_error>

#include "norms/errors.h"

namespace normsweep {

void CreateFolder(const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error || !std::filesystem::is_directory(folder)) {
    throw Error("cannot create the folder " + folder + ": " +
                (error ? error.message() : "it is a file"));
  }
}

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

}  // namespace

void FileSet::Add(const std::string& given, const std::string& content) {
  const std::string path = FileBehind(given);
  for (const auto& [unused, other] : files_) {
    if (other == path) throw Error("cannot write " + path + " twice, expected different files");
  }
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".part";
  files_.emplace_back(temporary, path);
  std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) throw Error("cannot write " + path + ", expected a writable place with room");
}

void FileSet::Commit() {
  for (const auto& [temporary, path] : files_) {
    std::error_code error;
    std::filesystem::rename(temporary, path, error);
    if (error) throw Error("cannot write " + path + ": " + error.message());
  }
  files_.clear();
}

}  // namespace normsweep
