// Loops over rows of `columns` values side by side, a column being a channel (channels_last, or a
// fully connected layer's [N, C]). Every column has coefficients of its own, one array a
// coefficient.
//
// All may run in place (y == x, dx == dy).
#pragma once

#include <cstdint>

namespace normsweep::kernels {

// Of each column: y = (x - mean_hi) a + b, as in coefficients.h; the rest for backward. t has
// mean_lo in it: x^ = (x - mean_hi) scale.
struct ColumnCoefficients {
  const float* mean_hi = nullptr;
  const float* a = nullptr;
  const float* b = nullptr;
  const float* scale = nullptr;
  const float* gamma = nullptr;
  const float* t = nullptr;
  const float* q = nullptr;

  ColumnCoefficients From(int64_t column) const {
    return {mean_hi + column, a + column, b + column, scale + column,
            gamma + column,   t + column, q + column};
  }
};

struct ColumnBlock {
  int64_t rows;
  int64_t columns;
  bool relu;
};

// y = (x - mean_hi) a + b, relu
void ApplyColumns(const float* x, float* y, const ColumnBlock& block,
                  const ColumnCoefficients& columns);

// g[j] = sum(dy), gx[j] = sum(dy (x - mean_hi) scale) over at most kColumnRows rows, in float32; dy
// masked by relu.
void SumColumns(const float* x, const float* dy, const ColumnBlock& block,
                const ColumnCoefficients& columns, float* g, float* gx);

// dx = scale ((dy gamma - t) - q (x - mean_hi) scale)
void BackwardColumns(const float* x, const float* dy, float* dx, const ColumnBlock& block,
                     const ColumnCoefficients& columns);

}  // namespace normsweep::kernels
