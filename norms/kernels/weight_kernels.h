// Loops over rows of a weight, in float64: a row's length and a power iteration decide about all of
// the row, and memory is slower than the conversions anyway.
#pragma once

#include <cstdint>

namespace normsweep::kernels {

double Dot(const float* a, const float* b, int64_t n);
double DotMixed(const float* a, const double* b, int64_t n);
// sum[i] += factor x[i]
void AddScaled(const float* x, double factor, int64_t n, double* sum);
// y = factor x
void Scale(const float* x, float factor, int64_t n, float* y);
// dx = p (dy - q (x k))
void Project(const float* x, const float* dy, float* dx, int64_t n, float p, float q, float k);
// dx = p (dy - q v)
void Subtract(const float* dy, const double* v, float* dx, int64_t n, float p, double q);

}  // namespace normsweep::kernels
