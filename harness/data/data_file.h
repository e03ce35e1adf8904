// Files of published data sets: read whole, and refused unless they are what they should be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "norms/errors.h"

namespace normsweep {

// A data file that is missing, truncated or something else. The text names the file, the size that
// it should have and how to get it.
class DataError : public Error {
 public:
  using Error::Error;
};

struct DataFile {
  std::string path;     // within the data directory
  int64_t bytes = 0;    // expected, unpacked
  std::string dataset;  // what scripts/fetch-data calls it
};

// The content of directory/path, or of path + ".gz" where only that is there.
std::vector<uint8_t> ReadDataFile(const std::string& directory, const DataFile& file);
// For content that is wrong in itself.
[[noreturn]] void ThrowForeign(const std::string& directory, const DataFile& file,
                               const std::string& what);

}  // namespace normsweep
