// Softmax cross-entropy.
#pragma once

#include <cstdint>
#include <span>

namespace normsweep {

struct LossSum {
  double loss = 0;     // sum over the samples of -log p(label), in nats
  int64_t errors = 0;  // samples whose largest logit is not the label's; one with a NaN is an error
};

// logits [N, classes], N = labels.size(). Where `gradient` is given it gets d(mean loss)/d(logits).
LossSum SoftmaxCrossEntropy(std::span<const float> logits, std::span<const int32_t> labels,
                            float* gradient);

}  // namespace normsweep
