// The largest singular value of a weight, which bounds by how much its layer can stretch a vector.
#pragma once

#include <cstdint>
#include <span>

namespace normsweep {

// Of w [rows, columns], in row order: the root of the largest eigenvalue of w w^T or w^T w,
// whichever is smaller, in float64 (right to some 1e-14). A convolution's weight is taken as the
// matrix [O, I K], as arXiv 1705.10941 and 1802.05957 do, which is not the linear map that the
// convolution is.
double LargestSingularValue(std::span<const float> w, int64_t rows);

}  // namespace normsweep
