#include "harness/experiments/train/singular_value_metrics.h"

#include <algorithm>
#include <vector>

#include "harness/nn/singular_value.h"

namespace normsweep {

void PutSingularValues(const Network& network, bool diverged, nlohmann::ordered_json* metrics) {
  const std::vector<Linear*>& linears = network.linears();
  if (diverged) {
    (*metrics)["largest_singular_value"] = nullptr;
    (*metrics)["singular_value_per_layer"] = std::vector<std::nullptr_t>(linears.size());
    return;
  }
  std::vector<double> values;
  values.reserve(linears.size());
  for (const Linear* linear : linears) {
    values.push_back(LargestSingularValue(linear->effective_weight(), linear->weight_shape().n));
  }
  (*metrics)["largest_singular_value"] = *std::max_element(values.begin(), values.end() - 1);
  (*metrics)["singular_value_per_layer"] = values;
}

}  // namespace normsweep
