// Stochastic gradient descent as PyTorch's SGD: g += weight_decay w; v = momentum v + g;
// w -= learning_rate v. The decay acts on all parameters, biases, gamma and beta included, as it
// does there.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "harness/nn/memory.h"

namespace normsweep {

// Memory of parameters and their gradients. Gradients that accumulate are set to 0 by a step.
struct TrainedBlock {
  float* value = nullptr;
  float* gradient = nullptr;
  int64_t count = 0;
  bool accumulates = false;
};

class Sgd {
 public:
  Sgd(std::vector<TrainedBlock> blocks, double momentum, double weight_decay);
  void Step(double learning_rate);

 private:
  std::vector<TrainedBlock> blocks_;
  float momentum_, weight_decay_;
  FloatBuffer velocity_;
};

struct Schedule {
  enum class Kind { kConstant, kCosine } kind = Kind::kCosine;
  double peak = 0.1;
  int64_t warmup_steps = 0;
  int64_t steps = 1;

  // For step 0 .. steps - 1. Warm-up: peak (step + 1) / warmup_steps. Then constant, or cosine from
  // the peak towards 0: peak (1 + cos(pi (step - warmup_steps) / (steps - warmup_steps))) / 2.
  double At(int64_t step) const;
};

}  // namespace normsweep
