// Metrics of "measure": {"singular_values": true}.
#pragma once

#include <nlohmann/json.hpp>

#include "harness/nn/network.h"

namespace normsweep {

// singular_value_per_layer: the largest singular value (harness/nn/singular_value.h) of every
// linear layer's weight as the last Forward used it, so behind a normalizer of weights, but without
// what a normalizer of activations does. largest_singular_value: the largest of them without the
// last layer, which has no normalizer. All null where the training diverged.
void PutSingularValues(const Network& network, bool diverged, nlohmann::ordered_json* metrics);

}  // namespace normsweep
