// What is done once a set, not once a value: worth vectors where sets are as many as values, as in
// batch norm of [2, 100].
#pragma once

#include <cstdint>

#include "norms/kernels/coefficients.h"

namespace normsweep::kernels {

// For the sets [first, last): mean_hi + mean_lo = mean, scale = 1 / sqrt(variance + eps) or 1
// without `divide`, shift = 0.
void Standardize(int64_t first, int64_t last, double eps, bool divide, SetArrays* sets);

// sigma = sqrt(variance + eps)
void Deviations(const double* variance, int64_t n, double eps, double* sigma);

// t = g / m, and q = gx / m with `divide`, else 0.
void MeanGradients(int64_t first, int64_t last, int64_t m, bool divide, SetArrays* sets);

// average = (1 - weight) average + weight factor value
void MoveAverage(const double* value, int64_t n, double weight, double factor, float* average);

// The Line of each column (coefficients.h): gamma and beta of `columns` columns, of which `repeat`
// neighbours share a set, sets from coefficients' first one on.
void ColumnLines(const Coefficients& sets, const Affine& affine, int64_t columns, int64_t repeat,
                 float* mean_hi, float* a, float* b);

// Where a column is a set. gx[j], the sum of dy (x - mean_hi) scale, becomes that of dy x^; the
// set's sums are those of the column times gamma.
void WeighColumns(const Coefficients& sets, const float* gamma, int64_t n, const double* g,
                  double* gx, double* set_g, double* set_gx);
// t and q of the columns' backward loop (column_kernels.h) from those of the sets.
void ColumnGradients(const Coefficients& sets, int64_t n, float* t, float* q);
// dgamma[j] += gx[j] + shift[j] g[j], unless null; dbeta[j] += g[j].
void AddParameters(const double* g, const double* gx, const float* shift, int64_t n, float* dgamma,
                   float* dbeta);

}  // namespace normsweep::kernels
