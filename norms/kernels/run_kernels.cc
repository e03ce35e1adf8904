#include "norms/kernels/run_kernels.h"

#include <array>
#include <numeric>

namespace normsweep::kernels {
namespace {

// Sums run in kLanes independent lanes, which the compiler may turn into vectors without reordering
// anything, and are added up in a fixed order: the same bits on every run.
constexpr int64_t kLanes = 8;

// Calls term(i, lane) for every i in [0, n).
template <class Term>
void InLanes(int64_t n, const Term& term) {
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t lane = 0; lane < kLanes; ++lane) term(i + lane, lane);
  }
  for (int64_t lane = 0; i < n; ++i, ++lane) term(i, lane);
}

using Lanes = std::array<double, kLanes>;

double Total(const Lanes& lanes) { return std::accumulate(lanes.begin(), lanes.end(), 0.0); }

float Deviation(float x, const SetCoefficients& set) { return (x - set.mean_hi) - set.mean_lo; }

float Gradient(float x, float g, const SetCoefficients& set, const SetGradients& gradients) {
  return gradients.p * ((g - gradients.t) - gradients.q * (Deviation(x, set) * gradients.k));
}

}  // namespace

Moments RunMoments(const float* x, int64_t n) {
  const double center = x[0];
  Lanes sum{}, square{};
  InLanes(n, [&](int64_t i, int64_t lane) {
    const double d = static_cast<double>(x[i]) - center;
    sum[lane] += d;
    square[lane] += d * d;
  });
  return Moments::FromSums(center, Total(sum), Total(square), n);
}

void RunApply(const float* x, float* y, int64_t n, const SetCoefficients& set, float gamma,
              float beta) {
  const float scale = set.scale * gamma;
  const float shift = set.shift * gamma + beta;
  for (int64_t i = 0; i < n; ++i) y[i] = Deviation(x[i], set) * scale + shift;
}

void RunApplyElements(const float* x, float* y, int64_t n, const SetCoefficients& set,
                      const float* gamma, const float* beta) {
  for (int64_t i = 0; i < n; ++i) {
    y[i] = (Deviation(x[i], set) * set.scale + set.shift) * gamma[i] + beta[i];
  }
}

GradientSums RunGradientSums(const float* x, const float* dy, int64_t n,
                             const SetCoefficients& set) {
  Lanes g{}, ge{};
  InLanes(n, [&](int64_t i, int64_t lane) {
    g[lane] += static_cast<double>(dy[i]);
    ge[lane] += static_cast<double>(dy[i]) * static_cast<double>(Deviation(x[i], set));
  });
  return {Total(g), Total(ge)};
}

GradientSums RunGradientSumsElements(const float* x, const float* dy, int64_t n,
                                     const SetCoefficients& set, const float* gamma) {
  Lanes g{}, ge{};
  InLanes(n, [&](int64_t i, int64_t lane) {
    const double term = static_cast<double>(dy[i]) * static_cast<double>(gamma[i]);
    g[lane] += term;
    ge[lane] += term * static_cast<double>(Deviation(x[i], set));
  });
  return {Total(g), Total(ge)};
}

void RunBackward(const float* x, const float* dy, float* dx, int64_t n, const SetCoefficients& set,
                 const SetGradients& gradients, float gamma) {
  for (int64_t i = 0; i < n; ++i) dx[i] = Gradient(x[i], dy[i] * gamma, set, gradients);
}

void RunBackwardElements(const float* x, const float* dy, float* dx, int64_t n,
                         const SetCoefficients& set, const SetGradients& gradients,
                         const float* gamma) {
  for (int64_t i = 0; i < n; ++i) dx[i] = Gradient(x[i], dy[i] * gamma[i], set, gradients);
}

void RunParameterSums(const float* x, const float* dy, int64_t n, const SetCoefficients& set,
                      double* dgamma_sum, double* dbeta_sum) {
  for (int64_t i = 0; i < n; ++i) {
    const float normalized = Deviation(x[i], set) * set.scale + set.shift;
    dgamma_sum[i] += static_cast<double>(dy[i]) * static_cast<double>(normalized);
    dbeta_sum[i] += static_cast<double>(dy[i]);
  }
}

double RunDot(const float* a, const float* b, int64_t n) {
  Lanes sum{};
  InLanes(n, [&](int64_t i, int64_t lane) {
    sum[lane] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  });
  return Total(sum);
}

double RunDotMixed(const float* a, const double* b, int64_t n) {
  Lanes sum{};
  InLanes(n, [&](int64_t i, int64_t lane) { sum[lane] += static_cast<double>(a[i]) * b[i]; });
  return Total(sum);
}

void RunAddScaled(const float* x, double factor, int64_t n, double* sum) {
  for (int64_t i = 0; i < n; ++i) sum[i] += factor * static_cast<double>(x[i]);
}

void RunScale(const float* x, float factor, int64_t n, float* y) {
  for (int64_t i = 0; i < n; ++i) y[i] = factor * x[i];
}

void RunProject(const float* x, const float* dy, float* dx, int64_t n, float p, float q, float k) {
  for (int64_t i = 0; i < n; ++i) dx[i] = p * (dy[i] - q * (x[i] * k));
}

void RunSubtract(const float* dy, const double* v, float* dx, int64_t n, float p, double q) {
  for (int64_t i = 0; i < n; ++i) dx[i] = p * (dy[i] - static_cast<float>(q * v[i]));
}

void RunAccumulate(const double* sum, int64_t n, float* gradient) {
  for (int64_t i = 0; i < n; ++i) gradient[i] += static_cast<float>(sum[i]);
}

}  // namespace normsweep::kernels
