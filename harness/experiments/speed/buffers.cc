#include "harness/experiments/speed/buffers.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <numeric>

#include "norms/cost.h"
#include "norms/parallel.h"
#include "norms/random.h"

namespace normsweep {
namespace {

constexpr int64_t kChunk = 1 << 18;  // values; what one thread takes at a time

int64_t RoundUp(int64_t size) { return (size + kLineFloats - 1) / kLineFloats * kLineFloats; }

int64_t Chunks(int64_t size) { return (size + kChunk - 1) / kChunk; }

// body(chunk, first, count)
template <class Body>
void ForEachChunk(int64_t size, const Body& body) {
  ParallelFor(Chunks(size), size, [&](int64_t chunk) {
    body(chunk, chunk * kChunk, std::min(kChunk, size - chunk * kChunk));
  });
}

void DrawInto(AlignedFloats* values, uint64_t seed, uint64_t tensor, double mean,
              double deviation) {
  ForEachChunk(values->size(), [&](int64_t chunk, int64_t first, int64_t count) {
    Random random(seed, tensor << 32 | static_cast<uint64_t>(chunk));
    for (int64_t i = 0; i < count; ++i) {
      values->data()[first + i] = static_cast<float>(mean + deviation * random.Gaussian());
    }
  });
}

void Fill(float* to, std::span<const float> from) {
  ForEachChunk(static_cast<int64_t>(from.size()), [&](int64_t, int64_t first, int64_t count) {
    std::memcpy(to + first, from.data() + first, static_cast<size_t>(count) * sizeof(float));
  });
}

// Coprime with `count` and near its golden section: neighbours in time are far apart in memory.
size_t StepOf(size_t count) {
  if (count < 3) return count - 1;
  auto step = static_cast<size_t>(0.618 * static_cast<double>(count));
  while (std::gcd(step, count) != 1) ++step;
  return step;
}

}  // namespace

AlignedFloats::AlignedFloats(int64_t size) : size_(size) {
  const auto bytes = static_cast<size_t>(RoundUp(std::max<int64_t>(size, 1))) * sizeof(float);
  data_.reset(static_cast<float*>(std::aligned_alloc(kLineBytes, bytes)));
  if (data_ == nullptr) throw std::bad_alloc();
  ForEachChunk(size, [&](int64_t, int64_t first, int64_t count) {
    std::memset(data_.get() + first, 0, static_cast<size_t>(count) * sizeof(float));
  });
}

void SpeedData::Draw(uint64_t seed, int64_t size) {
  if (seed == seed_ && size <= x_.size()) return;
  seed_ = seed;
  x_ = AlignedFloats(size);
  dy_ = AlignedFloats(size);
  DrawInto(&x_, seed, 0, 1, 2);
  DrawInto(&dy_, seed, 1, 0, 1);
}

std::span<const float> SpeedData::x(int64_t size) const {
  return {x_.data(), static_cast<size_t>(size)};
}

std::span<const float> SpeedData::dy(int64_t size) const {
  return {dy_.data(), static_cast<size_t>(size)};
}

int64_t BufferSets::Count(int64_t size, bool backward, bool cold) {
  const int64_t tensors = (backward ? 3 : 2) * static_cast<int64_t>(sizeof(float));
  return cold ? 2 * LastLevelCacheBytes() / tensors / size + 1 : 1;  // any size: no product of it
}

BufferSets::BufferSets(const SpeedData& data, int64_t size, bool backward, bool cold)
    : size_(size), copy_size_(backward ? (3 * size + 1) / 2 : size) {
  const int64_t stride = RoundUp(size), copy_stride = RoundUp(copy_size_);
  const int64_t count = Count(size, backward, cold);
  x_ = AlignedFloats(count * stride);
  out_ = AlignedFloats(count * stride);
  if (backward) {
    dy_ = AlignedFloats(count * stride);
    copy_in_ = AlignedFloats(count * copy_stride);
    copy_out_ = AlignedFloats(count * copy_stride);
  }
  for (int64_t i = 0; i < count; ++i) {
    CallBuffers set{x_.data() + i * stride, nullptr, out_.data() + i * stride, nullptr, nullptr};
    set.copy_in = backward ? copy_in_.data() + i * copy_stride : set.x;
    set.copy_out = backward ? copy_out_.data() + i * copy_stride : set.out;
    Fill(set.x, data.x(size));
    if (backward) {
      set.dy = dy_.data() + i * stride;
      Fill(set.dy, data.dy(size));
      Fill(set.copy_in, data.x(size));  // the rest stays 0: a copy does not care
    }
    sets_.push_back(set);
  }
  step_ = StepOf(sets_.size());
}

}  // namespace normsweep
