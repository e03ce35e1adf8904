// Loops over rows of a weight, in float64: a row's length and a power iteration decide about all of
// the row, and memory is slower than the conversions anyway.
#pragma once

#include <cstdint>

namespace normsweep::kernels {

// dot[i] = a_i . b_i for `rows` rows of n values side by side.
void RowDots(const float* a, const float* b, int64_t rows, int64_t n, double* dot);
double DotMixed(const float* a, const double* b, int64_t n);
// sum[i] += factor x[i]
void AddScaled(const float* x, double factor, int64_t n, double* sum);
// y_i = factor_i x_i, row by row.
void ScaleRows(const float* x, const float* factor, int64_t rows, int64_t n, bool stream, float* y);
// dx = p (dy - q (x k))
void Project(const float* x, const float* dy, float* dx, int64_t n, bool stream, float p, float q,
             float k);
// dx = p (dy - q v)
void Subtract(const float* dy, const double* v, float* dx, int64_t n, float p, double q);

}  // namespace normsweep::kernels
