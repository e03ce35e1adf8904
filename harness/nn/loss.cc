#include "harness/nn/loss.h"

#include <algorithm>
#include <cmath>

namespace normsweep {

LossSum SoftmaxCrossEntropy(std::span<const float> logits, std::span<const int32_t> labels,
                            float* gradient) {
  LossSum sum;
  if (labels.empty()) return sum;
  const size_t classes = logits.size() / labels.size();
  const float scale = 1 / static_cast<float>(labels.size());
  for (size_t n = 0; n < labels.size(); ++n) {
    const auto z = logits.subspan(n * classes, classes);
    const auto label = static_cast<size_t>(labels[n]);
    float largest = z[0];
    bool right = true;
    for (size_t k = 0; k < classes; ++k) {
      largest = std::max(largest, z[k]);
      right = right && (k == label || z[k] < z[label]);  // false for a NaN, and for a tie
    }
    float total = 0;
    for (const float value : z) total += std::exp(value - largest);
    sum.loss += static_cast<double>(std::log(total) + largest - z[label]);
    sum.errors += right ? 0 : 1;
    if (gradient == nullptr) continue;
    float* g = gradient + n * classes;
    for (size_t k = 0; k < classes; ++k) g[k] = std::exp(z[k] - largest) / total * scale;
    g[label] -= scale;
  }
  return sum;
}

}  // namespace normsweep
