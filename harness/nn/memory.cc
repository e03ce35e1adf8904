#include "harness/nn/memory.h"

#include <algorithm>
#include <new>

namespace normsweep {
namespace {

constexpr int64_t kLine = 64 / sizeof(float);

int64_t RoundUp(int64_t count) { return (count + kLine - 1) / kLine * kLine; }

}  // namespace

FloatBuffer::FloatBuffer(int64_t size) : size_(size) {
  const auto bytes = static_cast<size_t>(std::max<int64_t>(RoundUp(size), kLine)) * sizeof(float);
  data_.reset(static_cast<float*>(std::aligned_alloc(64, bytes)));
  if (data_ == nullptr) throw std::bad_alloc();
  std::fill_n(data_.get(), bytes / sizeof(float), 0.0f);
}

float* BatchBuffers::Get(int64_t n) {
  const auto found = buffers_.find(n);
  if (found != buffers_.end()) return found->second.data();
  return buffers_.emplace(n, FloatBuffer(n * per_sample_)).first->second.data();
}

int64_t ParameterArena::Reserve(int64_t count) {
  const int64_t offset = size_;
  size_ += RoundUp(count);
  count_ += count;
  return offset;
}

void ParameterArena::Allocate() {
  value_ = FloatBuffer(size_);
  gradient_ = FloatBuffer(size_);
}

}  // namespace normsweep
