// The dictionary in a .npy file: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace normsweep {

struct NpyHeader {
  std::string descr;
  bool fortran_order = false;
  std::vector<int64_t> dims;
};

// Throws Error (without the file's name) for anything but the three keys, each once, in any order.
NpyHeader ParseNpyHeader(const std::string& text);

}  // namespace normsweep
