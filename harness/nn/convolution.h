// A 3x3 convolution with padding 1, or a 1x1 convolution without, as PyTorch's Conv2d: output side
// floor((side - 1) / stride) + 1.
#pragma once

#include <map>

#include "harness/nn/linear.h"

namespace normsweep {

struct ConvolutionShape {
  FeatureShape input;
  int64_t channels = 1;  // of the output
  int64_t kernel = 3;    // 3 or 1
  int64_t stride = 1;
  FeatureShape Output() const {
    return {channels, (input.height - 1) / stride + 1, (input.width - 1) / stride + 1};
  }
};

class Convolution : public Linear {
 public:
  Convolution(const OnednnRuntime& runtime, ParameterArena* arena, const ConvolutionShape& shape,
              const LinearOptions& options);

 protected:
  float* Apply(int64_t n, float* x) override;
  float* ApplyBackward(int64_t n, float* x, float* dy) override;

 private:
  struct Descriptors;
  // The primitives of one batch size. Activations are NHWC throughout; the weights' format is
  // oneDNN's choice (it runs at 100 GFLOP/s and the reorder costs 1 us, where the plain format gets
  // 20 GFLOP/s).
  struct Plan {
    OnednnCall reorder, forward;
    OnednnCall reorder_backward, backward_data, backward_weights, reorder_gradient;
    bool has_backward = false;
  };
  Descriptors Describe(int64_t n) const;
  Plan& ForwardPlan(int64_t n);
  void AddBackward(int64_t n, Plan* plan);

  ConvolutionShape shape_;
  BatchBuffers y_, dx_;
  std::map<int64_t, Plan> plans_;
};

}  // namespace normsweep
