#include "harness/nn/optimizer.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "harness/nn/vectorize.h"

namespace normsweep {
namespace {

struct Rates {
  float learning_rate, momentum, weight_decay;
};

NORMSWEEP_CLONES void Update(const Rates& rates, float* __restrict w, const float* __restrict g,
                             float* __restrict v, int64_t count) {
  const float rate = rates.learning_rate, momentum = rates.momentum;
  for (int64_t i = 0; i < count; ++i) {
    const float velocity = momentum * v[i] + g[i];
    v[i] = velocity;
    w[i] -= rate * velocity;
  }
}

NORMSWEEP_CLONES void UpdateWithDecay(const Rates& rates, float* __restrict w,
                                      const float* __restrict g, float* __restrict v,
                                      int64_t count) {
  const float rate = rates.learning_rate, momentum = rates.momentum, decay = rates.weight_decay;
  for (int64_t i = 0; i < count; ++i) {
    const float velocity = momentum * v[i] + (g[i] + decay * w[i]);
    v[i] = velocity;
    w[i] -= rate * velocity;
  }
}

}  // namespace

Sgd::Sgd(std::vector<TrainedBlock> blocks, double momentum, double weight_decay)
    : blocks_(std::move(blocks)),
      momentum_(static_cast<float>(momentum)),
      weight_decay_(static_cast<float>(weight_decay)) {
  int64_t count = 0;
  for (const TrainedBlock& block : blocks_) count += block.count;
  velocity_ = FloatBuffer(count);
}

void Sgd::Step(double learning_rate) {
  const Rates rates{static_cast<float>(learning_rate), momentum_, weight_decay_};
  const auto update = weight_decay_ == 0 ? Update : UpdateWithDecay;
  float* velocity = velocity_.data();
  for (const TrainedBlock& block : blocks_) {
    update(rates, block.value, block.gradient, velocity, block.count);
    if (block.accumulates) std::fill_n(block.gradient, block.count, 0.0f);
    velocity += block.count;
  }
}

double Schedule::At(int64_t step) const {
  if (step < warmup_steps) {
    return peak * static_cast<double>(step + 1) / static_cast<double>(warmup_steps);
  }
  if (kind == Kind::kConstant) return peak;
  const double progress =
      static_cast<double>(step - warmup_steps) / static_cast<double>(steps - warmup_steps);
  return peak * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

}  // namespace normsweep
