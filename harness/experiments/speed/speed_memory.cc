#include "harness/experiments/speed/speed_memory.h"

#include <algorithm>

#include "harness/experiments/speed/buffers.h"

namespace normsweep {
namespace {

constexpr int64_t kFloat = sizeof(float), kDouble = sizeof(double);
constexpr int64_t kMostBlockedSets = 512;  // contestant_blocked.cc
constexpr int64_t kEntryBytes = 4096;  // one in benchmark.json: 21 keys of a map, with their texts

// Parameters and running statistics: gamma and beta per element take as much as a sample.
Saturated StateBytes(const SpeedCase& one) {
  const Saturated sample = Saturated(one.shape.c) * one.shape.s;
  const bool weight = one.spec.name == "weight" || one.spec.name == "spectral";
  return 16 * kDouble * (weight ? Saturated(one.shape.n) : sample);
}

Saturated ContestantBytes(const SpeedCase& one, const std::string& name, int64_t sets) {
  const Saturated tensor = Saturated(one.shape.Elements()) * kFloat;
  // Reads and writes the sets; sums and moments of each plane.
  const Saturated own = 64 * Saturated(one.shape.n) * one.shape.c;
  if (name == "onednn") return own + 4 * tensor;  // copies of x, y, dy, and masks (adapter.h)
  if (name == "torch") return own + 6 * tensor;   // its outputs and the gradients of its graph
  if (name == "onednn_blocked") {  // x, y, dy and dx in its own format for each set, and one more
    return (Saturated(std::min(sets, kMostBlockedSets)) + 1) * (one.backward() ? 5 : 3) * tensor;
  }
  return own;
}

}  // namespace

Saturated SpeedCaseBytes(const SpeedCase& one) {
  const Saturated values = one.shape.Elements();
  // x, y, dy and dx as float64 (truth.h), dz and a set's copy in the reference, a mask.
  const Saturated truth = values * (6 * kDouble + 1) + StateBytes(one);
  const int64_t sets = BufferSets::Count(one.shape.Elements(), one.backward(), one.cold);
  // x and y, and backward dy and the two sides of a copy of as many bytes, 3/2 of a tensor each;
  // every one rounded up to a cache line.
  const Saturated set = one.backward() ? 6 * values * kFloat + 5 * 64 : 2 * values * kFloat + 128;
  Saturated timed = Saturated(sets) * (set + 2 * int64_t{sizeof(CallBuffers)}) + values * kDouble;
  for (const std::string& name : one.contestants) timed += ContestantBytes(one, name, sets);
  return std::max(truth, timed) + StateBytes(one) + SpeedEntryBytes(one);
}

// x and dy, and the new one of them while it takes the place of that of another seed.
Saturated SpeedDataBytes(int64_t values) { return 3 * Saturated(values) * kFloat; }

Saturated SpeedEntryBytes(const SpeedCase& one) {
  constexpr int64_t kAggregates = 4;  // mean, median, deviation, coefficient of variation
  return Saturated(static_cast<int64_t>(one.contestants.size())) * (one.repetitions + kAggregates) *
         kEntryBytes;
}

}  // namespace normsweep
