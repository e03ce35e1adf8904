#include "norms/sets.h"

#include "norms/errors.h"

namespace normsweep {

void CheckSetSize(const std::string& label, const Shape& shape, int64_t count) {
  if (count > 1) return;
  throw ShapeError(label + ": one value per set in training with x of shape " + shape.ToString() +
                   ", expected 2 or more to have a variance");
}

double Unbiased(int64_t count) {
  return count < 2 ? 1.0 : static_cast<double>(count) / static_cast<double>(count - 1);
}

int64_t SubBatches(int64_t samples, const std::optional<int64_t>& normalization_batch_size) {
  return normalization_batch_size ? samples / *normalization_batch_size : 1;
}

void CheckSubBatches(const std::string& label, int64_t samples,
                     const std::optional<int64_t>& normalization_batch_size) {
  if (!normalization_batch_size || samples % *normalization_batch_size == 0) return;
  throw ShapeError(label + ": batch of " + std::to_string(samples) +
                   " samples, expected a multiple of normalization_batch_size " +
                   std::to_string(*normalization_batch_size));
}

std::string SubBatchLabel(const std::string& name,
                          const std::optional<int64_t>& normalization_batch_size) {
  if (!normalization_batch_size) return name;
  return name + "(" + std::to_string(*normalization_batch_size) + ")";
}

}  // namespace normsweep
