// The tensors of a timed call, and what is put into them.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <vector>

namespace normsweep {

// A cache line, and the widest vector.
constexpr int64_t kLineBytes = 64;
constexpr int64_t kLineFloats = kLineBytes / static_cast<int64_t>(sizeof(float));

// Float32 values on the boundary of a line.
class AlignedFloats {
 public:
  AlignedFloats() = default;
  explicit AlignedFloats(int64_t size);  // zeros, touched by the threads that will use them
  float* data() const { return data_.get(); }
  int64_t size() const { return size_; }

 private:
  struct Free {
    void operator()(float* data) const { std::free(data); }
  };
  std::unique_ptr<float, Free> data_;
  int64_t size_ = 0;
};

// N(1, 2^2) for x and N(0, 1) for dy, each value a pure function of (seed, place): smaller tensors
// are the beginning of larger ones, so the numbers are drawn once for all cases.
class SpeedData {
 public:
  void Draw(uint64_t seed, int64_t size);  // at least `size` values of each
  std::span<const float> x(int64_t size) const;
  std::span<const float> dy(int64_t size) const;

 private:
  uint64_t seed_ = 0;
  AlignedFloats x_, dy_;
};

// What one call reads and writes.
struct CallBuffers {
  float* x = nullptr;
  float* dy = nullptr;   // null in a forward case
  float* out = nullptr;  // y or dx
  // Of the copies: half the bytes of the call in, half out.
  float* copy_in = nullptr;
  float* copy_out = nullptr;
};

// Hot: one set of buffers, used by every call. Cold: sets enough that together they exceed twice
// the last-level cache, visited in an order that a prefetcher cannot follow.
class BufferSets {
 public:
  // Of a call on tensors of `size` values; every set holds the same numbers.
  BufferSets(const SpeedData& data, int64_t size, bool backward, bool cold);

  static int64_t Count(int64_t size, bool backward, bool cold);  // how many sets

  size_t count() const { return sets_.size(); }
  const CallBuffers& operator[](size_t i) const { return sets_[i]; }
  int64_t size() const { return size_; }            // of a tensor
  int64_t copy_size() const { return copy_size_; }  // values that a copy of the same bytes moves
  // The set after `i`: all of them in turn.
  size_t Next(size_t i) const {
    const size_t next = i + step_;
    return next < sets_.size() ? next : next - sets_.size();
  }

 private:
  int64_t size_, copy_size_;
  AlignedFloats x_, dy_, out_, copy_in_, copy_out_;  // all sets side by side
  std::vector<CallBuffers> sets_;
  size_t step_ = 0;
};

}  // namespace normsweep
