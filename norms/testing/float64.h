// What the tests of float64 normalizers share: filled tensors and calls on vectors.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "norms/normalizer.h"
#include "norms/random.h"
#include "norms/reference/central_differences.h"
#include "norms/testing/catch.h"

namespace normsweep::testing {

using Values = std::vector<double>;
inline const Shape kTwoByTwo{2, 1, 2};  // samples, channels, positions: what hands can work out
using Factory = std::unique_ptr<Normalizer> (*)(const nlohmann::json&, const Shape&, std::string*);

inline std::unique_ptr<Normalizer> Make(Factory factory, const nlohmann::json& options,
                                        const Shape& shape) {
  return factory(options, shape, nullptr);
}

inline Values Gaussian(int64_t size, uint64_t seed, double mean = 0, double deviation = 1) {
  Random random(seed, 77);
  Values values(static_cast<size_t>(size));
  for (double& value : values) value = mean + deviation * random.Gaussian();
  return values;
}

// Distinct values a good step apart, in a scrambled order: no set of two of them is nearly
// constant, where differences would say little.
inline Values Spread(int64_t size, uint64_t seed) {
  Values values(static_cast<size_t>(size));
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(i);
  Random random(seed, 78);
  for (size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[random.Below(i)]);
  for (double& value : values) value = value / static_cast<double>(size) * 4 - 1.5;
  return values;
}

inline Values Forward(Normalizer* normalizer, Mode mode, const Shape& shape, const Values& x) {
  Values y(x.size(), -99);
  normalizer->Forward(mode, {x.data(), shape}, {y.data(), shape});
  return y;
}

inline Values Backward(Normalizer* normalizer, const Shape& shape, const Values& x,
                       const Values& dy) {
  Values dx(x.size(), -99);
  normalizer->Backward({x.data(), shape}, {dy.data(), shape}, {dx.data(), shape});
  return dx;
}

template <class Slot>
Slot Named(std::span<const Slot> slots, std::string_view name) {
  const Slot* slot = FindNamed(slots, name);
  if (slot == nullptr) FAIL("no parameter or buffer " << name);
  return *slot;
}

inline std::span<double> ParameterOf(Normalizer* normalizer, std::string_view name) {
  return Named(normalizer->Parameters(), name).value.Span<double>();
}

inline std::span<double> GradientOf(Normalizer* normalizer, std::string_view name) {
  return Named(normalizer->Parameters(), name).gradient.Span<double>();
}

inline std::span<double> BufferOf(Normalizer* normalizer, std::string_view name) {
  return Named(normalizer->Buffers(), name).value.Span<double>();
}

inline void Assign(std::span<double> to, const Values& values) {
  REQUIRE(to.size() == values.size());
  std::copy(values.begin(), values.end(), to.begin());
}

// Parameters that hide no mistake: no two alike, none 0 or 1.
inline void FillParameters(Normalizer* normalizer, uint64_t seed) {
  for (const Parameter& p : normalizer->Parameters()) {
    Assign(p.value.Span<double>(), Gaussian(p.value.shape.Elements(), ++seed, 0.3, 1.1));
  }
}

// Of float64, relative to 1 or to the expected value, whichever is larger.
inline void CheckClose(std::span<const double> actual, const Values& expected,
                       double tolerance = 1e-14) {
  REQUIRE(actual.size() == expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    INFO("element " << i << ": " << actual[i] << ", expected " << expected[i]);
    CHECK(std::abs(actual[i] - expected[i]) <= tolerance * std::max(1.0, std::abs(expected[i])));
  }
}

// Backward against central differences, whose own error is 1e-11 (O(h^4) and rounding) and, where a
// set holds two values much closer than the deviation, a hundred times that.
inline void CheckGradients(Normalizer* normalizer, Mode mode, const Shape& shape, const Values& x) {
  const Values dy = Gaussian(shape.Elements(), 99);
  for (const GradientError& of : CompareWithCentralDifferences(normalizer, mode, shape, x, dy)) {
    INFO(normalizer->Info().label << " " << normalizer->Info().options << " " << Name(mode) << " "
                                  << shape.ToString() << " " << of.of << " scale " << of.scale
                                  << " largest " << of.largest);
    CHECK(of.error < 1e-9);
    CHECK(of.largest > 0);
  }
}

// The values of a channels_first tensor as the layout of `shape` stores them.
inline Values InLayout(const Values& channels_first, const Shape& shape) {
  if (shape.layout == Layout::kChannelsFirst) return channels_first;
  Values out(channels_first.size());
  for (int64_t n = 0; n < shape.n; ++n) {
    for (int64_t c = 0; c < shape.c; ++c) {
      for (int64_t s = 0; s < shape.s; ++s) {
        out[static_cast<size_t>((n * shape.s + s) * shape.c + c)] =
            channels_first[static_cast<size_t>((n * shape.c + c) * shape.s + s)];
      }
    }
  }
  return out;
}

constexpr Layout kLayouts[] = {Layout::kChannelsFirst, Layout::kChannelsLast};
constexpr Mode kModes[] = {Mode::kTrain, Mode::kBatchStatistics, Mode::kEval};

}  // namespace normsweep::testing
