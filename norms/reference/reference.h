// What the float64 reference normalizers share: where an element lies, the moments of a list of
// values, the running-average conventions, the fused activation, and the memory of parameters and
// buffers. Everything else, forward and backward, each of them writes out from its own paper.
//
// Sums are long double (64 bits of mantissa on x86), so that the rounding of float64 is never the
// question: 1e18, 1e-20 and a mean of 1e6 at a deviation of 1 come out to the last digits.
#pragma once

#include <cstdint>
#include <deque>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "norms/activation.h"
#include "norms/normalizer.h"
#include "norms/running_average.h"

namespace normsweep::reference {

// Where element (n, c, s) lies: NCHW or NHWC with the spatial sizes as one.
inline int64_t Offset(const Shape& shape, int64_t n, int64_t c, int64_t s) {
  return shape.layout == Layout::kChannelsFirst ? (n * shape.c + c) * shape.s + s
                                                : (n * shape.s + s) * shape.c + c;
}

struct Moments {
  long double mean = 0;
  long double variance = 0;  // biased: sum((x - mean)^2) / m
};

// The mean first, then the squares around it. `values` must not be empty.
Moments TwoPass(std::span<const double> values);

// average = keep * average + take * value.
struct RunningWeights {
  double keep = 0;
  double take = 0;
};

// For the update that follows `updates` earlier ones, with a batch of `samples`.
RunningWeights WeightsOfUpdate(const RunningAverageOptions& options, int64_t samples,
                               double updates);

// A parameter that may be absent (affine false).
struct Trained {
  double* value = nullptr;
  double* gradient = nullptr;

  long double At(int64_t i, double absent) const { return value == nullptr ? absent : value[i]; }
  void Accumulate(int64_t i, long double g) const {
    if (gradient != nullptr) gradient[i] += static_cast<double>(g);
  }
};

class ReferenceNormalizer : public Normalizer {
 public:
  Cost ForwardCost(Mode mode) const override;  // x read once, y written once

 protected:
  SetStatistics DoStatistics() const override { return statistics_; }
  ReferenceNormalizer(const char* name, std::string label, Target target, nlohmann::json options,
                      const Shape& shape, Activation activation = Activation::kNone);

  Trained NewParameter(const char* name, const Shape& shape, double start);
  double* NewBuffer(const char* name, const Shape& shape, double start);
  // Every DoForward says what it measured: nothing, or moments of `count` values each.
  void Measured(SetStatistics statistics) { statistics_ = std::move(statistics); }
  void Measured(int64_t count, const std::vector<Moments>& moments);

  // Element i of y from what the normalizer alone gives there; every DoForward ends with it.
  double Activate(int64_t i, long double z);
  // dL/dz of the last Forward, whose z were not rounded to float64.
  std::vector<double> BackThroughActivation(const ConstTensorView& dy) const;

 private:
  Activation activation_;
  std::vector<bool> passes_;  // with relu, of the last Forward: whether z is above 0, or NaN
  std::deque<std::vector<double>> owned_;  // a deque does not move what views point to
  SetStatistics statistics_;
};

}  // namespace normsweep::reference
