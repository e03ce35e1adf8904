// Counter-based random numbers: a value is a pure function of (seed, stream, index), so that
// streams do not depend on how many numbers another stream drew, and every machine draws the same
// ones. Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2,
// 3", SC 2011 (its known-answer vectors are the test).
#pragma once

#include <array>
#include <cstdint>

namespace normsweep {

std::array<uint32_t, 4> Philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key);

class Random {
 public:
  Random(uint64_t seed, uint64_t stream) : seed_(seed), stream_(stream) {}

  uint64_t Bits();   // uniform over all 64-bit values
  double Uniform();  // [0, 1), 53 bits
  double Uniform(double low, double high) { return low + (high - low) * Uniform(); }
  double Gaussian();               // N(0, 1): Box and Muller 1958
  uint64_t Below(uint64_t bound);  // uniform over 0 .. bound - 1, without bias; bound >= 1

 private:
  uint64_t seed_, stream_, index_ = 0;
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace normsweep
