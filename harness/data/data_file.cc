#include "harness/data/data_file.h"

#include <fcntl.h>
#include <unistd.h>
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

[[noreturn]] void ThrowForeign(const std::string& directory, const DataFile& file,
                               const std::string& what) {
  throw DataError((fs::path(directory) / file.path).string() + ": " + what + ", " +
                  HowToGet(directory, file));
}

std::vector<uint8_t> ReadDataFile(const std::string& directory, const DataFile& file) {
  fs::path path = fs::path(directory) / file.path;
  if (!fs::exists(path)) path += ".gz";
  if (!fs::exists(path)) throw Error("not found, nor with .gz");
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) throw Error("cannot be read");
  return Unpack(descriptor, file.bytes);
}

}  // namespace

void ParseDataFile(const std::string& directory, const DataFile& file,
                   const std::function<void(std::span<const uint8_t>)>& parse) {
  if (directory.empty()) {
    throw DataError(file.path + ": no data directory given, " + HowToGet(directory, file));
  }
  try {
    parse(ReadDataFile(directory, file));
  } catch (const Error& error) {
    ThrowForeign(directory, file, error.what());
  }
}

std::vector<uint8_t> Unpack(int descriptor, int64_t bytes) {
  // gzread passes a file that is not compressed through as it is.
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> in(gzdopen(descriptor, "rb"), gzclose);
  if (in == nullptr) {
    close(descriptor);
    throw Error("cannot be read");
  }
  const auto expected = static_cast<size_t>(bytes);
  std::vector<uint8_t> content(expected + 1);  // one more than there should be
  size_t size = 0;
  while (size < content.size()) {
    const int got =
        gzread(in.get(), content.data() + size, static_cast<unsigned>(content.size() - size));
    if (got < 0) throw Error("is damaged (not a whole gzip file)");
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size < expected) throw Error("has only " + std::to_string(size) + " bytes (unpacked)");
  if (size > expected) throw Error("has too many bytes");
  content.resize(size);
  return content;
}

}  // namespace normsweep
