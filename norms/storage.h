// A tensor of float32 values with its own storage: a parameter, its gradient, or a buffer.
#pragma once

#include <vector>

#include "norms/tensor.h"

namespace normsweep {

// Its views stay valid as long as it lives, even when it is moved. Empty by default: data() is
// null.
class Storage {
 public:
  Storage() = default;
  Storage(const Shape& shape, float value)
      : shape_(shape), values_(static_cast<size_t>(shape.Elements()), value) {}
  TensorView view() { return {values_.data(), shape_}; }
  float* data() { return values_.empty() ? nullptr : values_.data(); }
  const float* data() const { return values_.empty() ? nullptr : values_.data(); }
  float& operator[](int64_t i) { return values_[static_cast<size_t>(i)]; }
  float operator[](int64_t i) const { return values_[static_cast<size_t>(i)]; }

 private:
  Shape shape_;
  std::vector<float> values_;
};

}  // namespace normsweep
