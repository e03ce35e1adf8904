#include "harness/data/data_file.h"

#include <zlib.h>

#include <filesystem>
#include <memory>

namespace normsweep {
namespace {

namespace fs = std::filesystem;

std::string HowToGet(const std::string& directory, const DataFile& file) {
  return "expected " + std::to_string(file.bytes) + " bytes" +
         "; get it with: scripts/fetch-data " + file.dataset + " " +
         (directory.empty() ? "DIR, then --data DIR or NORMSWEEP_DATA=DIR" : directory);
}

}  // namespace

void ThrowForeign(const std::string& directory, const DataFile& file, const std::string& what) {
  throw DataError((fs::path(directory) / file.path).string() + ": " + what + ", " +
                  HowToGet(directory, file));
}

std::vector<uint8_t> ReadDataFile(const std::string& directory, const DataFile& file) {
  if (directory.empty()) {
    throw DataError(file.path + ": no data directory given, " + HowToGet(directory, file));
  }
  fs::path path = fs::path(directory) / file.path;
  if (!fs::exists(path)) path += ".gz";
  if (!fs::exists(path)) ThrowForeign(directory, file, "not found, nor with .gz");
  // gzread passes a file that is not compressed through as it is.
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> in(gzopen(path.c_str(), "rb"), gzclose);
  if (in == nullptr) ThrowForeign(directory, file, "cannot be read");
  std::vector<uint8_t> content(static_cast<size_t>(file.bytes) +
                               1);  // one more than there should be
  size_t size = 0;
  while (size < content.size()) {
    const int got =
        gzread(in.get(), content.data() + size, static_cast<unsigned>(content.size() - size));
    if (got < 0) ThrowForeign(directory, file, "is damaged (not a whole gzip file)");
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size < static_cast<size_t>(file.bytes)) {
    ThrowForeign(directory, file, "has only " + std::to_string(size) + " bytes (unpacked)");
  }
  if (size > static_cast<size_t>(file.bytes)) ThrowForeign(directory, file, "has too many bytes");
  content.resize(size);
  return content;
}

}  // namespace normsweep
