// Sums and products of sizes from a config, for memory estimates: a product of several of them is
// beyond 2^63, and must then be refused, not wrap around to something small.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

namespace normsweep {

// A count of 0 or more that stays at the greatest int64_t where it would overflow.
class Saturated {
 public:
  static constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

  constexpr Saturated(int64_t value = 0) : value_(value) {}  // NOLINT: meant to be implicit
  constexpr int64_t value() const { return value_; }

  friend constexpr Saturated operator+(Saturated a, Saturated b) {
    int64_t sum = 0;
    return __builtin_add_overflow(a.value_, b.value_, &sum) ? kMost : sum;
  }
  friend constexpr Saturated operator*(Saturated a, Saturated b) {
    int64_t product = 0;
    return __builtin_mul_overflow(a.value_, b.value_, &product) ? kMost : product;
  }
  constexpr Saturated& operator+=(Saturated other) { return *this = *this + other; }
  constexpr Saturated& operator*=(Saturated other) { return *this = *this * other; }
  friend constexpr auto operator<=>(Saturated a, Saturated b) = default;

 private:
  int64_t value_;
};

}  // namespace normsweep
