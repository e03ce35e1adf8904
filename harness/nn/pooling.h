// Global average or maximum pooling: [N, C, H, W] to [N, C, 1, 1].
#pragma once

#include <map>

#include "harness/nn/layer.h"
#include "harness/nn/memory.h"
#include "harness/nn/onednn_call.h"

namespace normsweep {

enum class PoolingKind { kAverage, kMaximum };

class GlobalPooling : public Layer {
 public:
  GlobalPooling(const OnednnRuntime& runtime, PoolingKind kind, const FeatureShape& input);
  float* Forward(Mode mode, int64_t n, float* x) override;
  float* Backward(int64_t n, float* x, float* dy) override;

 private:
  struct Plan {
    OnednnCall forward, backward;
  };
  Plan& GetPlan(int64_t n);

  const OnednnRuntime& runtime_;
  PoolingKind kind_;
  FeatureShape input_;
  BatchBuffers y_, dx_;
  std::map<int64_t, Plan> plans_;
};

}  // namespace normsweep
