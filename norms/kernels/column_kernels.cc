#include "norms/kernels/column_kernels.h"

#include <algorithm>

namespace normsweep::kernels {

void ColumnMoments(const float* x, const ColumnBlock& block, double* sum, double* square) {
  std::array<double, kColumnChunk> center, s1{}, s2{};
  std::copy_n(x, block.n, center.begin());
  for (int64_t row = 1; row < block.rows; ++row) {  // the first row's own deviation is 0
    const float* values = x + row * block.stride;
    for (int64_t j = 0; j < block.n; ++j) {
      const double d = static_cast<double>(values[j]) - center[j];
      s1[j] += d;
      s2[j] += d * d;
    }
  }
  std::copy_n(s1.begin(), block.n, sum);
  std::copy_n(s2.begin(), block.n, square);
}

void ColumnApply(const float* x, float* y, const ColumnBlock& block,
                 const ColumnCoefficients& columns) {
  for (int64_t row = 0; row < block.rows; ++row) {
    const float* in = x + row * block.stride;
    float* out = y + row * block.stride;
    for (int64_t j = 0; j < block.n; ++j) {
      const float e = (in[j] - columns.mean_hi[j]) - columns.mean_lo[j];
      out[j] = e * columns.scale[j] + columns.shift[j];
    }
  }
}

void ColumnGradientSums(const float* x, const float* dy, const ColumnBlock& block,
                        const ColumnCoefficients& columns, double* g, double* ge) {
  std::array<double, kColumnChunk> s1{}, s2{};
  for (int64_t row = 0; row < block.rows; ++row) {
    const float* in = x + row * block.stride;
    const float* gradient = dy + row * block.stride;
    for (int64_t j = 0; j < block.n; ++j) {
      const float e = (in[j] - columns.mean_hi[j]) - columns.mean_lo[j];
      s1[j] += static_cast<double>(gradient[j]);
      s2[j] += static_cast<double>(gradient[j]) * static_cast<double>(e);
    }
  }
  std::copy_n(s1.begin(), block.n, g);
  std::copy_n(s2.begin(), block.n, ge);
}

void ColumnBackward(const float* x, const float* dy, float* dx, const ColumnBlock& block,
                    const ColumnCoefficients& columns, const ColumnGradients& gradients) {
  for (int64_t row = 0; row < block.rows; ++row) {
    const int64_t start = row * block.stride;
    for (int64_t j = 0; j < block.n; ++j) {
      const float e = (x[start + j] - columns.mean_hi[j]) - columns.mean_lo[j];
      const float g = dy[start + j] * gradients.gamma[j];
      dx[start + j] =
          gradients.p[j] * ((g - gradients.t[j]) - gradients.q[j] * (e * gradients.k[j]));
    }
  }
}

}  // namespace normsweep::kernels
