// Memory of a network: float buffers aligned for any vector unit, and the one flat block that holds
// the weights and biases of all linear layers, so that the optimizer is one pass over it.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <span>

namespace normsweep {

// Zero at the start; 64 bytes of alignment.
class FloatBuffer {
 public:
  FloatBuffer() = default;
  explicit FloatBuffer(int64_t size);
  float* data() const { return data_.get(); }
  int64_t size() const { return size_; }
  std::span<float> span() const { return {data_.get(), static_cast<size_t>(size_)}; }

 private:
  struct Free {
    void operator()(float* p) const { std::free(p); }
  };
  std::unique_ptr<float[], Free> data_;
  int64_t size_ = 0;
};

// One buffer for each batch size in use, made at first sight of the size.
class BatchBuffers {
 public:
  explicit BatchBuffers(int64_t per_sample) : per_sample_(per_sample) {}
  float* Get(int64_t n);

 private:
  int64_t per_sample_;
  std::map<int64_t, FloatBuffer> buffers_;
};

// Layers reserve while the network is being built; then one Allocate() fixes all the addresses.
class ParameterArena {
 public:
  int64_t Reserve(int64_t count);  // the offset of `count` floats, at a cache line's start
  void Allocate();
  float* Value(int64_t offset) const { return value_.data() + offset; }
  float* Gradient(int64_t offset) const { return gradient_.data() + offset; }
  int64_t size() const { return size_; }    // with the padding between blocks
  int64_t count() const { return count_; }  // without

 private:
  int64_t size_ = 0, count_ = 0;
  FloatBuffer value_, gradient_;
};

}  // namespace normsweep
