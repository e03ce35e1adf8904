// What the tests of the kernels share: every target, length and misalignment; inputs that end where
// their allocation ends, outputs between sentinels; and formulas in float64 that know how far
// float32 may be from them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <new>
#include <sstream>
#include <string>
#include <vector>

#include "norms/kernels/target.h"
#include "norms/random.h"
#include "norms/testing/catch.h"

namespace normsweep::kernels::testing {

// What the data and the forms of a test count through, so that each target sees the same, whichever
// tests ran before.
struct Counters {
  size_t drawn = 0, turn = 0;
};
inline Counters& Count() {
  static Counters counters;
  return counters;
}

// Calls body() with each target forced, then goes back to what ran before, whatever is thrown.
template <class Body>
void ForTargets(const Body& body) {
  struct Restore {
    std::string before = CurrentTarget();
    ~Restore() { ForceTarget(before); }
  } const restore;
  for (const std::string& target : Targets()) {
    ForceTarget(target);
    Count() = {};
    INFO("target " << target);
    REQUIRE(CurrentTarget() == target);
    body();
  }
}

// 0 to twice the longest vector (16 floats) and one more, and a few that fill many vectors: an odd
// one, one of no power of two, and a whole tile.
inline std::vector<int64_t> Lengths(int64_t first = 0) {
  std::vector<int64_t> lengths;
  for (int64_t n = first; n <= 33; ++n) lengths.push_back(n);
  lengths.insert(lengths.end(), {127, 1000, 8192});
  return lengths;
}

// Calls body(n, i, j, k) for each length with misalignments of three pointers: all of 0 to 3 where
// n is short, and for long ones four triples, in which each pointer takes each.
template <class Body>
void ForMisalignments(int64_t first, const Body& body) {
  for (const int64_t n : Lengths(first)) {
    const int64_t step = n <= 33 ? 1 : 27;  // 0, 27, 54: (0,0,0), (1,2,3), (3,1,2)
    for (int64_t at = 0; at < 64; at += step) body(n, at / 16, at / 4 % 4, at % 4);
    if (step != 1) body(n, int64_t{2}, int64_t{3}, int64_t{1});
  }
}

// Starts every allocation at a cache line, so that misalignments are what they say, and has no
// room behind the last value: a read there is one that ASan sees.
template <class T>
struct LineAllocator {
  using value_type = T;
  static constexpr std::align_val_t kLine{64};
  LineAllocator() = default;
  template <class U>
  explicit LineAllocator(const LineAllocator<U>& /*other*/) {}
  T* allocate(size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), kLine)); }
  void deallocate(T* p, size_t /*n*/) { ::operator delete(p, kLine); }
  bool operator==(const LineAllocator& /*other*/) const { return true; }
};
template <class T>
using Line64 = std::vector<T, LineAllocator<T>>;

// 2^16 numbers of N(0, 1), drawn once: a draw costs more than the kernels under test.
inline double Drawn(size_t index) {
  static const std::vector<double> pool = [] {
    Random random(3, 1);
    std::vector<double> values(size_t{1} << 16);
    for (double& v : values) v = random.Gaussian();
    return values;
  }();
  return pool[index % pool.size()];
}

// n values at `misaligned` values behind a line, NaN before them and nothing behind.
template <class T>
class Input {
 public:
  Input(int64_t n, int64_t misaligned, double mean = 0, double deviation = 1)
      : misaligned_(misaligned),
        values_(static_cast<size_t>(n + misaligned), std::numeric_limits<T>::quiet_NaN()) {
    for (int64_t i = 0; i < n; ++i) {
      (*this)[i] = static_cast<T>(mean + deviation * Drawn(Count().drawn++ * 7));
    }
  }
  T* data() { return values_.data() + misaligned_; }
  const T* data() const { return values_.data() + misaligned_; }
  T& operator[](int64_t i) { return values_[static_cast<size_t>(misaligned_ + i)]; }
  double operator[](int64_t i) const {
    return static_cast<double>(values_[static_cast<size_t>(misaligned_ + i)]);
  }
  void Fill(T value) { std::fill(values_.begin() + misaligned_, values_.end(), value); }

 private:
  int64_t misaligned_;
  Line64<T> values_;
};

// A number from a formula in float64, with what bounds the error of the same formula in float32:
// the sum of the magnitudes of all that was added up (`size`), and what a decision that float32 may
// take otherwise is worth (`slack`).
struct Tracked {
  double value = 0;
  double size = 0;
  double slack = 0;

  Tracked() = default;
  Tracked(double v) : value(v), size(std::abs(v)) {}  // NOLINT: numbers are what formulas hold
  Tracked(double v, double s, double k) : value(v), size(s), slack(k) {}
};
inline Tracked operator+(const Tracked& a, const Tracked& b) {
  return {a.value + b.value, a.size + b.size, a.slack + b.slack};
}
inline Tracked operator-(const Tracked& a, const Tracked& b) {
  return {a.value - b.value, a.size + b.size, a.slack + b.slack};
}
inline Tracked operator*(const Tracked& a, const Tracked& b) {
  return {a.value * b.value, a.size * b.size, a.slack * b.size + b.slack * a.size};
}

constexpr double kUnit = 1.0 / (1 << 24);  // rounding to float32, relative
// Every value of an elementwise formula goes through at most 8 float32 operations, however the
// kernel arranges them (coefficients.h's y = (x - mean_hi) a + b with a and b made in float32: 6).
constexpr double kElementwise = 8;
// A float32 sum adds at most 32 values to a lane (simd-inl.h), 4 lanes and a term's own operations.
constexpr double kSummed = 8 + 32 + 4;

inline double Tolerance(const Tracked& expected, double roundings) {
  return roundings * kUnit * expected.size + expected.slack;
}

// relu(z), and dy where z > 0. So close to zero that rounding decides, it may be either.
inline Tracked Relu(const Tracked& z) { return {std::max(z.value, 0.0), z.size, z.slack}; }
inline Tracked Masked(const Tracked& z, const Tracked& dy) {
  const bool open = std::abs(z.value) <= kElementwise * kUnit * z.size;
  return {z.value > 0 ? dy.value : 0, dy.size, open ? dy.size : 0};
}

// n values to be written, between sentinels and full of them.
template <class T>
class Output {
 public:
  static constexpr double kSentinel = -98765.5;
  static constexpr int64_t kGuard = 64;  // four vectors

  Output(int64_t n, int64_t misaligned)
      : n_(n),
        start_(kGuard + misaligned),
        values_(static_cast<size_t>(start_ + n + kGuard), static_cast<T>(kSentinel)) {}
  T* data() { return values_.data() + start_; }
  T& operator[](int64_t i) { return values_[static_cast<size_t>(start_ + i)]; }
  void CopyFrom(const Input<T>& from) {
    if (n_ > 0) std::memcpy(data(), from.data(), static_cast<size_t>(n_) * sizeof(T));
  }
  // To the bit, sentinels and NaN too.
  bool Same(const Output& other) const {
    return values_.size() == other.values_.size() &&
           std::memcmp(values_.data(), other.values_.data(), values_.size() * sizeof(T)) == 0;
  }
  // Empty, or what was written outside.
  std::string Outside() {
    std::vector<Tracked> found;
    for (int64_t i = 0; i < n_; ++i) found.emplace_back(static_cast<double>((*this)[i]));
    return Wrong(found, 0);
  }
  // The same of the values that `written` says are written.
  bool SameWhere(Output& other, const std::vector<Tracked>& written) {
    for (int64_t i = 0; i < n_; ++i) {
      if (written[static_cast<size_t>(i)].value == kSentinel) continue;
      if (std::memcmp(data() + i, other.data() + i, sizeof(T)) != 0) return false;
    }
    return true;
  }
  // Empty, or what is wrong: one assertion an output, since a million of Catch's take seconds.
  std::string Wrong(const std::vector<Tracked>& expected, double roundings) const {
    std::ostringstream text;
    for (int64_t i = -start_; i < n_ + kGuard; ++i) {
      const auto actual = static_cast<double>(values_[static_cast<size_t>(start_ + i)]);
      const bool inside = i >= 0 && i < n_;
      const Tracked& want = inside ? expected[static_cast<size_t>(i)] : Untouched();
      const double tolerance = want.value == kSentinel ? 0 : Tolerance(want, roundings);
      if (std::abs(actual - want.value) <= tolerance) continue;
      if (std::isnan(actual) && std::isnan(want.value)) continue;
      text << (inside ? "value " : "outside: ") << i << " of " << n_ << " is " << actual
           << ", expected " << want.value << " within " << tolerance;
      break;
    }
    return text.str();
  }
  // What values that are not written hold.
  static const Tracked& Untouched() {
    static const Tracked sentinel{kSentinel};
    return sentinel;
  }

 private:
  int64_t n_, start_;
  Line64<T> values_;
};

inline std::vector<Tracked> Untouched(int64_t n) {
  return std::vector<Tracked>(static_cast<size_t>(n), Output<float>::Untouched());
}

// One after the other, round and round: forms that are too many to cross with all the rest.
template <class T>
const T& Next(const std::vector<T>& all) {
  return all[Count().turn++ % all.size()];
}

}  // namespace normsweep::kernels::testing
