#include "harness/nn/noise.h"

#include "harness/nn/streams.h"
#include "harness/nn/vectorize.h"
#include "norms/random.h"

namespace normsweep {
namespace {

NORMSWEEP_CLONES void ScaleAndShift(const float* x, const float* s, const float* m, int64_t count,
                                    float* y) {
  for (int64_t c = 0; c < count; ++c) y[c] = s[c] * x[c] + m[c];
}

NORMSWEEP_CLONES void Scale(const float* dy, const float* s, int64_t count, float* dx) {
  for (int64_t c = 0; c < count; ++c) dx[c] = s[c] * dy[c];
}

}  // namespace

NoiseLayer::NoiseLayer(const NoiseConfig& config, const FeatureShape& shape, uint64_t seed,
                       uint64_t number)
    : Layer(shape),
      config_(config),
      seed_(seed),
      number_(number),
      mu_(static_cast<size_t>(shape.channels)),
      sigma_(mu_.size()),
      y_(shape.Elements()),
      dx_(shape.Elements()) {}

void NoiseLayer::Draw(int64_t n) {
  Random random(seed_, streams::Noise(number_, step_++));
  for (size_t c = 0; c < mu_.size(); ++c) {
    mu_[c] = random.Uniform(-config_.mean, config_.mean);
    sigma_[c] = random.Uniform(1, config_.deviation);
  }
  m_.resize(static_cast<size_t>(n) * mu_.size());
  s_.resize(m_.size());
  const double spread = config_.sample_spread;
  for (size_t i = 0; i < m_.size(); ++i) {
    const size_t c = i % mu_.size();
    m_[i] = static_cast<float>(random.Uniform(mu_[c] - spread, mu_[c] + spread));
    s_[i] = static_cast<float>(sigma_[c] + spread * random.Gaussian());
  }
}

float* NoiseLayer::Forward(Mode mode, int64_t n, float* x) {
  noisy_ = mode == Mode::kTrain;
  if (!noisy_) return x;
  Draw(n);
  float* y = y_.Get(n);
  const int64_t channels = output().channels, spatial = output().Spatial();
  for (int64_t row = 0; row < n * spatial; ++row) {
    const int64_t at = row * channels, draw = row / spatial * channels;
    ScaleAndShift(x + at, s_.data() + draw, m_.data() + draw, channels, y + at);
  }
  return y;
}

float* NoiseLayer::Backward(int64_t n, float*, float* dy) {
  if (!noisy_) return dy;
  float* dx = dx_.Get(n);
  const int64_t channels = output().channels, spatial = output().Spatial();
  for (int64_t row = 0; row < n * spatial; ++row) {
    const int64_t at = row * channels, draw = row / spatial * channels;
    Scale(dy + at, s_.data() + draw, channels, dx + at);
  }
  return dx;
}

}  // namespace normsweep
