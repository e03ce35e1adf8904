// The kink of a fused relu (norms/activation.h). Where z, what the normalizer gives before it, lies
// within rounding of 0, float32 may rightly end on the other side than the reference, and neither
// central differences nor a comparison of gradients has anything to say. There, and only there, the
// check sets dy to 0: an element without a gradient may pass or not, so that nothing else has to be
// let off. How many these are is a metric of the row, `near_kink`. Of the elements of check.json
// they are 0.06 % at most for native on Gaussian inputs, up to 17 % on exact and constant ones
// (where z is often 0 itself: which side that is has its test in norms/activation_test.cc), and
// for a peer on "offset", where its tolerance grows with the mean, up to 74 %.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "norms/registry.h"

namespace normsweep {

bool HasFusedRelu(const NormalizerSpec& spec);
NormalizerSpec WithoutActivation(NormalizerSpec spec);

// `of`, made from `spec`, without its activation: its z are what `of` gives before it. Parameters
// and buffers are those of `of` at this moment.
std::unique_ptr<Normalizer> MakeWithoutActivation(const NormalizerSpec& spec, const Shape& shape,
                                                  Normalizer* of);

// Sets dy to 0 where |z| <= distance; returns how often.
int64_t SilenceKink(std::span<const double> z, double distance, std::vector<double>* dy);

}  // namespace normsweep
