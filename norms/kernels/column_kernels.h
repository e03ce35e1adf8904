// Loops over rows of `columns` values side by side, a column being a channel (channels_last, or a
// fully connected layer's [N, C]). Every column has coefficients of its own, held as four arrays so
// that the loop over columns is the vector loop.
#pragma once

#include <array>
#include <cstdint>

#include "norms/kernels/coefficients.h"

namespace normsweep::kernels {

// Columns are taken this many at a time: four coefficient and two sum arrays then fit in 8 KiB of
// the first-level cache.
constexpr int64_t kColumnChunk = 256;

struct ColumnCoefficients {
  std::array<float, kColumnChunk> mean_hi, mean_lo, scale, shift;
};
struct ColumnGradients {
  std::array<float, kColumnChunk> gamma, p, t, q, k;
};

// x points at the first row's first column of the chunk; a row is `stride` values after the one
// before. sum and square: of x - center, center[j] = x[j] of the first row. n <= kColumnChunk.
struct ColumnBlock {
  int64_t rows;
  int64_t stride;
  int64_t n;
};
void ColumnMoments(const float* x, const ColumnBlock& block, double* sum, double* square);
void ColumnApply(const float* x, float* y, const ColumnBlock& block,
                 const ColumnCoefficients& columns);
void ColumnGradientSums(const float* x, const float* dy, const ColumnBlock& block,
                        const ColumnCoefficients& columns, double* g, double* ge);
void ColumnBackward(const float* x, const float* dy, float* dx, const ColumnBlock& block,
                    const ColumnCoefficients& columns, const ColumnGradients& gradients);

}  // namespace normsweep::kernels
