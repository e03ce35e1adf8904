// NumPy's .npy files: versions 1.0 to 3.0, little-endian float32 and float64, C order.
// https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
#pragma once

#include <cstdint>
#include <istream>
#include <string>
#include <vector>

#include "norms/tensor.h"

namespace normsweep {

struct NpyArray {
  std::vector<int64_t> dims;  // empty: one value
  DataType type = DataType::kFloat32;
  std::vector<double> values;  // exact for either type
};

// Throws Error, naming `path` and what was expected: another format, version, element type or
// order, a damaged header, an element count that overflows, missing or left-over bytes. Memory is
// taken as the bytes come, so a header cannot ask for more than the file has.
NpyArray ReadNpy(const std::string& path);
NpyArray ReadNpy(std::istream& file, const std::string& path);

// The bytes of a file of version 1.0.
std::string FormatNpy(const NpyArray& array);

// "(2, 3)", as NumPy prints a shape.
std::string DimsText(const std::vector<int64_t>& dims);

}  // namespace normsweep
