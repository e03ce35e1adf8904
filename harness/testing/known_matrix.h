// A matrix whose singular values are known by construction.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "norms/random.h"

namespace normsweep {

// H D K [rows, columns] with D diagonal and H, K Householder reflections I - 2 a a^T (||a|| = 1),
// which are orthogonal: the singular values are those of D, diagonal[i] >= 0 at place i, and the
// singular vectors of place i are column i of H and row i of K.
struct KnownMatrix {
  int64_t rows = 0, columns = 0;
  std::vector<double> h, k;  // [rows, rows], [columns, columns]
  std::vector<float> values;

  KnownMatrix(int64_t row_count, int64_t column_count, const std::vector<double>& diagonal,
              uint64_t seed)
      : rows(row_count),
        columns(column_count),
        h(Reflection(rows, seed, 0)),
        k(Reflection(columns, seed, 1)) {
    for (int64_t o = 0; o < rows; ++o) {
      for (int64_t i = 0; i < columns; ++i) {
        double sum = 0;
        for (size_t d = 0; d < diagonal.size(); ++d) {
          const auto at = static_cast<int64_t>(d);
          sum += h[static_cast<size_t>(o * rows + at)] * diagonal[d] *
                 k[static_cast<size_t>(at * columns + i)];
        }
        values.push_back(static_cast<float>(sum));
      }
    }
  }

 private:
  static std::vector<double> Reflection(int64_t size, uint64_t seed, uint64_t stream) {
    Random random(seed, stream);
    const auto n = static_cast<size_t>(size);
    std::vector<double> a(n), matrix(n * n);
    double squares = 0;
    for (double& value : a) {
      value = random.Gaussian();
      squares += value * value;
    }
    for (size_t i = 0; i < n; ++i) {
      for (size_t j = 0; j < n; ++j) {
        matrix[i * n + j] = (i == j ? 1.0 : 0.0) - 2 * a[i] * a[j] / squares;
      }
    }
    return matrix;
  }
};

}  // namespace normsweep
