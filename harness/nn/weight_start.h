// The data-dependent start of weight normalization: T. Salimans and D. P. Kingma, arXiv 1602.07868,
// section 3.
//
// For each weight-normalized layer in order: with g = 1 and bias 0, mean and deviation of every
// unit's output t over the samples (and positions); then g = 1 / deviation and bias = -mean /
// deviation, so that the unit starts with mean 0 and deviation 1.
//
// With mean-only batch norm (slot.h) there is no bias: of the parameters g alone is set, and the
// running mean starts at mean / deviation, so that evaluation starts with mean 0 too. The layers
// behind see the samples as evaluation does, around the mean of all of them.
#pragma once

#include <span>

#include "harness/nn/network.h"

namespace normsweep {

constexpr int64_t kStartBatch = 50;  // samples at a time

// samples [count, H, W, C]. A unit of deviation zero is a ValueError that names it. Does nothing in
// a network without weight normalizers that have a gain g.
void StartFromData(Network* network, std::span<const float> samples);

}  // namespace normsweep
