// Loops over a run, values that lie side by side: a plane in channels_first, a whole sample, a row
// of a weight. gamma and beta are one value for the run, or one for each of its elements
// (*Elements). All may run in place (y == x, dx == dy). A null gamma counts as 1, a null beta as 0.
#pragma once

#include <cstdint>

#include "norms/kernels/coefficients.h"
#include "norms/kernels/moments.h"

namespace normsweep::kernels {

Moments RunMoments(const float* x, int64_t n);

// y = e * scale + shift with e = (x - mean_hi) - mean_lo.
void RunApply(const float* x, float* y, int64_t n, const SetCoefficients& set, float gamma,
              float beta);
void RunApplyElements(const float* x, float* y, int64_t n, const SetCoefficients& set,
                      const float* gamma, const float* beta);

// sum(g) and sum(g e), g = dy (gamma is the caller's) or dy gamma (Elements).
GradientSums RunGradientSums(const float* x, const float* dy, int64_t n,
                             const SetCoefficients& set);
GradientSums RunGradientSumsElements(const float* x, const float* dy, int64_t n,
                                     const SetCoefficients& set, const float* gamma);

// dx = p ((g - t) - q (e k)), g = dy gamma.
void RunBackward(const float* x, const float* dy, float* dx, int64_t n, const SetCoefficients& set,
                 const SetGradients& gradients, float gamma);
void RunBackwardElements(const float* x, const float* dy, float* dx, int64_t n,
                         const SetCoefficients& set, const SetGradients& gradients,
                         const float* gamma);

// dbeta_sum += dy, dgamma_sum += dy (e * scale + shift), element by element.
void RunParameterSums(const float* x, const float* dy, int64_t n, const SetCoefficients& set,
                      double* dgamma_sum, double* dbeta_sum);

// For weights: sums in float64.
double RunDot(const float* a, const float* b, int64_t n);
double RunDotMixed(const float* a, const double* b, int64_t n);
void RunAddScaled(const float* x, double factor, int64_t n, double* sum);  // sum += factor x
void RunScale(const float* x, float factor, int64_t n, float* y);          // y = factor x
// dx = p (dy - q (x k))
void RunProject(const float* x, const float* dy, float* dx, int64_t n, float p, float q, float k);
// dx = p (dy - q v)
void RunSubtract(const float* dy, const double* v, float* dx, int64_t n, float p, double q);
void RunAccumulate(const double* sum, int64_t n, float* gradient);  // gradient += sum

}  // namespace normsweep::kernels
