// A fully connected layer: y = x W^T + b, x flattened in the order that it is stored in.
#pragma once

#include <map>

#include "harness/nn/linear.h"

namespace normsweep {

class InnerProduct : public Linear {
 public:
  InnerProduct(const OnednnRuntime& runtime, ParameterArena* arena, int64_t inputs, int64_t units,
               const LinearOptions& options);

 protected:
  float* Apply(int64_t n, float* x) override;
  float* ApplyBackward(int64_t n, float* x, float* dy) override;

 private:
  // The weights stay in their plain rows: oneDNN's own format makes 784 -> 100 at batch 2 no faster
  // (4.3 us against 3.6) and its reorders cost 14 and 46 us a step.
  struct Plan {
    OnednnCall forward, backward_data, backward_weights;
  };
  Plan& GetPlan(int64_t n);

  int64_t inputs_;
  BatchBuffers y_, dx_;
  std::map<int64_t, Plan> plans_;
};

}  // namespace normsweep
