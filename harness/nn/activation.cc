#include "harness/nn/activation.h"

#include <cmath>

#include "harness/nn/vectorize.h"
#include "norms/activation.h"

namespace normsweep {
namespace {

NORMSWEEP_CLONES void Relu(float* x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) x[i] = normsweep::Relu(x[i]);
}

NORMSWEEP_CLONES void ReluGradient(const float* y, float* dy, int64_t count) {
  for (int64_t i = 0; i < count; ++i) dy[i] = normsweep::ReluGradient(y[i], dy[i]);
}

}  // namespace

float* ActivationLayer::Forward(Mode, int64_t n, float* x) {
  if (observer_ != nullptr && *observer_) (*observer_)(number_, {x, BatchShape(n)});
  const int64_t count = n * output().Elements();
  switch (kind_) {
    case ActivationKind::kRelu: Relu(x, count); break;
    case ActivationKind::kSigmoid:
      for (int64_t i = 0; i < count; ++i) x[i] = 1 / (1 + std::exp(-x[i]));
      break;
    case ActivationKind::kTanh:
      for (int64_t i = 0; i < count; ++i) x[i] = std::tanh(x[i]);
      break;
  }
  return x;
}

float* ActivationLayer::Backward(int64_t n, float* x, float* dy) {
  const int64_t count = n * output().Elements();
  switch (kind_) {
    case ActivationKind::kRelu: ReluGradient(x, dy, count); break;
    case ActivationKind::kSigmoid:
      for (int64_t i = 0; i < count; ++i) dy[i] *= x[i] * (1 - x[i]);
      break;
    case ActivationKind::kTanh:
      for (int64_t i = 0; i < count; ++i) dy[i] *= 1 - x[i] * x[i];
      break;
  }
  return dy;
}

}  // namespace normsweep
