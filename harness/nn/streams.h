// The random streams of a training seed (norms/random.h): separate, so that the initial weights,
// the order of the data and the rest do not shift one another, whatever the normalizer or batch
// size.
#pragma once

#include <cstdint>

namespace normsweep::streams {

constexpr uint64_t kInitialWeights = uint64_t{1} << 40;   // + index of the linear layer
constexpr uint64_t kPowerIteration = uint64_t{2} << 40;   // + index of the linear layer
constexpr uint64_t kDataOrder = uint64_t{3} << 40;        // + epoch
constexpr uint64_t kSpectralPenalty = uint64_t{5} << 40;  // + index of the linear layer

// `layer`: index of the noise layer; step below 2^28.
constexpr uint64_t Noise(uint64_t layer, uint64_t step) {
  return (uint64_t{4} << 40) + (layer << 28) + step;
}

}  // namespace normsweep::streams
