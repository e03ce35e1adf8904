#include "norms/reference/central_differences.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "norms/errors.h"

namespace normsweep {
namespace {

using Values = std::vector<double>;

Values Copied(const TensorView& view) {
  const auto span = view.Span<double>();
  return {span.begin(), span.end()};
}

void Restore(const Values& values, const TensorView& view) {
  std::copy(values.begin(), values.end(), view.As<double>());
}

// Puts a normalizer's parameters, gradients and buffers back at the end of a scope.
class Snapshot {
 public:
  explicit Snapshot(Normalizer* normalizer) : normalizer_(normalizer) {
    for (const Parameter& p : normalizer->Parameters()) {
      values_.push_back(Copied(p.value));
      gradients_.push_back(Copied(p.gradient));
    }
    for (const Buffer& b : normalizer->Buffers()) buffers_.push_back(Copied(b.value));
  }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;
  ~Snapshot() {
    for (size_t i = 0; i < values_.size(); ++i) {
      Restore(values_[i], normalizer_->Parameters()[i].value);
      Restore(gradients_[i], normalizer_->Parameters()[i].gradient);
    }
    RestoreBuffers();
  }
  void RestoreBuffers() const {
    for (size_t i = 0; i < buffers_.size(); ++i) {
      Restore(buffers_[i], normalizer_->Buffers()[i].value);
    }
  }

 private:
  Normalizer* normalizer_;
  std::vector<Values> values_, gradients_, buffers_;
};

// y of a normalizer as a function of x and the parameters only.
class Function {
 public:
  Function(Normalizer* normalizer, Mode mode, const Shape& shape, const Snapshot& snapshot,
           Normalizer* plain)
      : normalizer_(normalizer), mode_(mode), shape_(shape), snapshot_(snapshot), plain_(plain) {}

  void Freeze(SetStatistics frozen) { frozen_ = std::move(frozen); }
  bool frozen() const { return !frozen_.r.empty(); }

  Values operator()(const Values& x) const {
    snapshot_.RestoreBuffers();
    Values y(x.size());
    const bool fused = frozen() && plain_ != nullptr;
    if (fused) CopyParameters();
    Normalizer* normalizer = fused ? plain_ : normalizer_;
    normalizer->Forward(frozen() ? Mode::kBatchStatistics : mode_, {x.data(), shape_},
                        {y.data(), shape_});
    if (frozen()) Renormalize(&y);
    if (fused) {
      for (double& value : y) value = value > 0 ? value : 0;
    }
    return y;
  }

 private:
  double OfChannel(const char* name, int64_t c, double absent) const {
    for (const Parameter& p : normalizer_->Parameters()) {
      if (p.name == name) return Get(p.value, c);
    }
    return absent;
  }

  void CopyParameters() const {
    for (const Parameter& p : normalizer_->Parameters()) {
      Restore(Copied(p.value), FindNamed(plain_->Parameters(), p.name)->value);
    }
  }

  void Renormalize(Values* y) const {
    const bool first = shape_.layout == Layout::kChannelsFirst;
    const auto sub_batches = static_cast<int64_t>(frozen_.r.size()) / shape_.c;
    for (int64_t i = 0; i < shape_.Elements(); ++i) {
      const int64_t n = i / (shape_.c * shape_.s);
      const int64_t c = first ? i / shape_.s % shape_.c : i % shape_.c;
      const auto set = static_cast<size_t>(n % sub_batches * shape_.c + c);
      const double beta = OfChannel("beta", c, 0);
      double& value = (*y)[static_cast<size_t>(i)];
      value = (value - beta) * frozen_.r[set] + OfChannel("gamma", c, 1) * frozen_.d[set] + beta;
    }
  }

  Normalizer* normalizer_;
  Mode mode_;
  Shape shape_;
  const Snapshot& snapshot_;
  Normalizer* plain_;
  SetStatistics frozen_;
};

double Step(std::span<const double> z) {
  const auto m = static_cast<double>(z.size());
  double mean = 0, variance = 0;
  for (const double value : z) mean += value / m;
  for (const double value : z) variance += (value - mean) * (value - mean) / m;
  const double deviation = std::sqrt(variance);
  if (deviation > 1e-12 * std::abs(mean)) return 0x1p-13 * deviation;
  return 0x1p-13 * (mean == 0 ? 1 : std::abs(mean));  // all values alike, such as a fresh gamma
}

// `z` is x itself or a parameter, which `function` sees change.
GradientError Compare(const std::string& name, const Function& function, const Values& x,
                      std::span<const double> dy, std::span<double> z, const Values& gradient) {
  GradientError result{name, 0, 0, 0};
  const double h = Step(z);
  double worst = 0;
  for (size_t j = 0; j < z.size(); ++j) {
    const double saved = z[j];
    const auto at = [&](double step) {
      z[j] = saved + step;
      return function(x);
    };
    const Values far_below = at(-2 * h), below = at(-h), above = at(h), far_above = at(2 * h);
    z[j] = saved;
    double derivative = 0, scale = 0;
    for (size_t i = 0; i < dy.size(); ++i) {
      const double slope = (8 * (above[i] - below[i]) - (far_above[i] - far_below[i])) / (12 * h);
      derivative += dy[i] * slope;
      scale += std::abs(dy[i] * slope);
    }
    const double error = std::abs(gradient[j] - derivative);
    worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(worst, error);
    result.scale = std::max(result.scale, scale);
    result.largest = std::max(result.largest, std::abs(gradient[j]));
  }
  // Two values a set and no eps: y is -1 and 1 whatever x is, and both gradients are rounding, here
  // compared with the change of L were y to go with z.
  const Values y = function(x);
  double most = 0;
  for (size_t i = 0; i < dy.size(); ++i) most = std::max(most, std::abs(dy[i] * y[i]));
  const double least_scale = 1e-6 * most * 0x1p-13 / h;
  result.error = worst / std::max({result.scale, least_scale, 0x1p-1022});
  return result;
}

GradientError CompareForward(const Values& y, const Values& frozen) {
  GradientError result{"y", 0, 0, 0};
  double worst = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    const double error = std::abs(y[i] - frozen[i]);
    worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(worst, error);
    result.scale = std::max(result.scale, std::abs(y[i]));
  }
  result.largest = result.scale;
  result.error = worst / std::max(result.scale, 0x1p-1022);
  return result;
}

}  // namespace

std::vector<GradientError> CompareWithCentralDifferences(Normalizer* normalizer, Mode mode,
                                                         const Shape& shape,
                                                         std::span<const double> x,
                                                         std::span<const double> dy,
                                                         Normalizer* plain) {
  if (normalizer->Info().data_type != DataType::kFloat64) {
    throw ShapeError(normalizer->Info().label + " computes in float32, expected float64");
  }
  const auto size = static_cast<size_t>(shape.Elements());
  if (x.size() != size || dy.size() != size) {
    throw ShapeError("x of " + std::to_string(x.size()) + " and dy of " +
                     std::to_string(dy.size()) + " values, expected those of " + shape.ToString());
  }
  const Snapshot snapshot(normalizer);
  Function function(normalizer, mode, shape, snapshot, plain);
  Values moved(x.begin(), x.end()), dx(size);
  const Values y = function(moved);
  for (const Parameter& p : normalizer->Parameters()) {
    std::fill_n(p.gradient.As<double>(), p.gradient.shape.Elements(), 0.0);
  }
  normalizer->Backward({moved.data(), shape}, {dy.data(), shape}, {dx.data(), shape});
  function.Freeze(normalizer->Statistics());

  std::vector<GradientError> errors;
  if (function.frozen()) errors.push_back(CompareForward(y, function(moved)));
  errors.push_back(Compare("x", function, moved, dy, moved, dx));
  for (const Parameter& p : normalizer->Parameters()) {
    const Values gradient = Copied(p.gradient);
    errors.push_back(Compare(p.name, function, moved, dy, p.value.Span<double>(), gradient));
  }
  return errors;
}

}  // namespace normsweep
