// How many values a set has, and how a batch falls into sub-batches: what native and onednn share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "norms/tensor.h"

namespace normsweep {

// Throws ShapeError for sets of `count` = 1 value of x, which have no variance to train with.
void CheckSetSize(const std::string& label, const Shape& shape, int64_t count);

// m / (m - 1), which makes a biased variance unbiased; 1 for m = 1, which training refuses.
double Unbiased(int64_t count);

// Sub-batches of `samples` with normalization_batch_size b: samples / b, or 1 without b.
int64_t SubBatches(int64_t samples, const std::optional<int64_t>& normalization_batch_size);
// Throws ShapeError when b does not divide the samples.
void CheckSubBatches(const std::string& label, int64_t samples,
                     const std::optional<int64_t>& normalization_batch_size);
// "batch", or "batch(4)" with b = 4.
std::string SubBatchLabel(const std::string& name,
                          const std::optional<int64_t>& normalization_batch_size);

}  // namespace normsweep
