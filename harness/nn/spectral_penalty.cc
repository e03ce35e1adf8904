#include "harness/nn/spectral_penalty.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "harness/nn/streams.h"
#include "harness/nn/vectorize.h"
#include "norms/kernels/weight_kernels.h"
#include "norms/random.h"

namespace normsweep {
namespace {

// Makes it a unit vector unless it is zero; returns its length before.
double Normalize(std::vector<double>* a) {
  const double length = std::sqrt(std::inner_product(a->begin(), a->end(), a->begin(), 0.0));
  if (length == 0) return 0;
  for (double& value : *a) value /= length;
  return length;
}

NORMSWEEP_CLONES void AddScaled(const double* v, double factor, int64_t count, float* sum) {
  for (int64_t i = 0; i < count; ++i) sum[i] += static_cast<float>(factor * v[i]);
}

}  // namespace

SpectralPenalty::SpectralPenalty(const std::vector<Linear*>& linears, double lambda, uint64_t seed)
    : lambda_(lambda) {
  for (size_t i = 0; i < linears.size(); ++i) {
    const Shape w = linears[i]->weight_shape();
    Vectors& layer =
        layers_.emplace_back(Vectors{linears[i], std::vector<double>(static_cast<size_t>(w.n)),
                                     std::vector<double>(static_cast<size_t>(w.c * w.s))});
    Random random(seed, streams::kSpectralPenalty + i);
    for (double& value : layer.u) value = random.Gaussian();
    Normalize(&layer.u);
  }
}

double SpectralPenalty::AddGradient() {
  double squares = 0;
  for (Vectors& layer : layers_) {
    const double sigma = AddGradient(&layer);
    squares += sigma * sigma;
  }
  return lambda_ / 2 * squares;
}

double SpectralPenalty::AddGradient(Vectors* vectors) const {
  std::vector<double>&u = vectors->u, &v = vectors->v;
  const auto row = static_cast<int64_t>(v.size());
  const float* w = vectors->linear->weight().data();
  std::fill(v.begin(), v.end(), 0.0);
  for (size_t o = 0; o < u.size(); ++o) {
    kernels::AddScaled(w + static_cast<int64_t>(o) * row, u[o], row, v.data());
  }
  if (Normalize(&v) == 0) return 0;
  for (size_t o = 0; o < u.size(); ++o) {
    u[o] = kernels::DotMixed(w + static_cast<int64_t>(o) * row, v.data(), row);
  }
  const double sigma = Normalize(&u);
  float* gradient = vectors->linear->weight_gradient().data();
  for (size_t o = 0; o < u.size(); ++o) {
    AddScaled(v.data(), lambda_ * sigma * u[o], row, gradient + static_cast<int64_t>(o) * row);
  }
  return sigma;
}

}  // namespace normsweep
