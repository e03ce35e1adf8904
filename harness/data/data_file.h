// Files of published data sets: read whole, and refused unless they are what they should be.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
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

// Hands the content of directory/path, or of path + ".gz" where only that is there, to `parse`. An
// Error of its becomes a DataError.
void ParseDataFile(const std::string& directory, const DataFile& file,
                   const std::function<void(std::span<const uint8_t>)>& parse);

// The content of an open file, unpacked if it is gzip, plain otherwise; closes it. Throws Error, not
// having unpacked more, unless that is `bytes`.
std::vector<uint8_t> Unpack(int descriptor, int64_t bytes);

}  // namespace normsweep
