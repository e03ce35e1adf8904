// What is done once a set, not once a value: worth vectors where sets are as many as values, as in
// batch norm of [2, 100].
#pragma once

#include <cstdint>

#include "norms/kernels/coefficients.h"

namespace normsweep::kernels {

// For the sets [first, last): mean_hi + mean_lo = mean, scale = 1 / sqrt(variance + eps) or 1
// without `divide`, shift = 0.
void Standardize(int64_t first, int64_t last, double eps, bool divide, SetArrays* sets);

// Without terms from the statistics (t = q = 0) where they are constants; else t = g / m, and with
// `divide` q = gx / m.
void MeanGradients(int64_t first, int64_t last, int64_t m, bool divide, SetArrays* sets);

// average = (1 - weight) average + weight factor value
void MoveAverage(const double* value, int64_t n, double weight, double factor, float* average);

// The Line of each column (coefficients.h): gamma and beta of `columns` columns, of which `repeat`
// neighbours share a set, sets from coefficients' first one on.
void ColumnLines(const Coefficients& sets, const Affine& affine, int64_t columns, int64_t repeat,
                 float* mean_hi, float* a, float* b);

}  // namespace normsweep::kernels
