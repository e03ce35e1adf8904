#include "harness/experiments/check/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "harness/experiments/check/fill.h"
#include "harness/experiments/check/kink.h"
#include "harness/experiments/check/scales.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

constexpr const char* kWritten = " (after y was written)";

// One side of a comparison, with float64 copies of what it gave.
template <class T>
class Side {
 public:
  Side(std::unique_ptr<Normalizer> normalizer, const Shape& shape)
      : normalizer_(std::move(normalizer)), shape_(shape) {}

  Normalizer& normalizer() const { return *normalizer_; }

  // The text of the error that Init threw, if it did.
  std::optional<std::string> Init(const CheckData& data) {
    const std::vector<T> x = As(data.x);
    try {
      normalizer_->Init({x.data(), shape_}, 1);
    } catch (const Error& error) {
      return error.what();
    }
    return std::nullopt;
  }

  void SetParameters(bool unit_parameters) { DrawParameters(normalizer_.get(), unit_parameters); }

  // The text of the error that Forward threw, if it did; y must then be untouched.
  std::optional<std::string> Forward(Mode mode, const std::vector<double>& x,
                                     std::vector<double>* y) {
    constexpr T kUntouched = T{-12345};
    const std::vector<T> in = As(x);
    std::vector<T> out(in.size(), kUntouched);
    try {
      normalizer_->Forward(mode, {in.data(), shape_}, {out.data(), shape_});
    } catch (const Error& error) {
      const bool written = std::any_of(out.begin(), out.end(), [](T v) { return v != kUntouched; });
      return std::string(error.what()) + (written ? kWritten : "");
    }
    y->assign(out.begin(), out.end());
    return std::nullopt;
  }

  // Gradients start from `start`: they must accumulate.
  void Backward(const CheckData& data, double start, std::vector<double>* dx) {
    for (const Parameter& parameter : normalizer_->Parameters()) {
      for (int64_t i = 0; i < parameter.gradient.shape.Elements(); ++i) {
        Set(parameter.gradient, i, start);
      }
    }
    const std::vector<T> x = As(data.x), dy = As(data.dy);
    std::vector<T> out(x.size(), std::numeric_limits<T>::quiet_NaN());
    normalizer_->Backward({x.data(), shape_}, {dy.data(), shape_}, {out.data(), shape_});
    dx->assign(out.begin(), out.end());
  }

 private:
  static std::vector<T> As(const std::vector<double>& values) {
    std::vector<T> converted(values.size());
    std::transform(values.begin(), values.end(), converted.begin(),
                   [](double value) { return static_cast<T>(value); });
    return converted;
  }

  std::unique_ptr<Normalizer> normalizer_;
  Shape shape_;
};

std::vector<double> ValuesOf(const TensorView& view) {
  std::vector<double> values(static_cast<size_t>(view.shape.Elements()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = Get(view, static_cast<int64_t>(i));
  return values;
}

class Comparer {
 public:
  Comparer(const NormalizerSpec& spec, const Shape& shape, Mode mode, CheckInput input)
      : spec_(spec),
        shape_(shape),
        mode_(mode),
        unit_parameters_(input.unit_parameters),
        data_(std::move(input.data)) {
    tolerance_.own = spec.backend == "native";
    tolerance_.exact = input.exact;
    tolerance_.folded = FoldsMean(spec.backend);
  }

  Comparison Run(const Creator& create);

 private:
  bool StartBoth();
  bool BothTook(const char* what, const std::optional<std::string>& got,
                const std::optional<std::string>& expected);
  bool ForwardBoth(Mode mode, const std::vector<double>& x);
  void CompareBuffers();
  void CompareStatistics();
  double LargestDrift(const SetStatistics& statistics) const;
  void CompareGradients();
  void SilenceKink();
  bool Passes(size_t at) const { return z_.empty() || expected_y_[at] > 0; }
  void Add(const std::string& output, const std::vector<double>& got,
           const std::vector<double>& expected, double scale, double tolerance);
  void TakeConditions();
  double OptionNumber(const char* name, double otherwise) const {
    return reference_->normalizer().Info().options.value(name, otherwise);
  }

  NormalizerSpec spec_;
  Shape shape_;
  Mode mode_;
  bool unit_parameters_;
  ToleranceInput tolerance_;
  CheckData data_;
  std::optional<Side<float>> candidate_;
  std::optional<Side<double>> reference_;
  std::unique_ptr<Normalizer> plain_;  // the reference without its fused relu, if it has one
  std::vector<double> y_, expected_y_, dx_, expected_dx_;
  std::vector<double> z_;  // expected, before the relu; empty without
  double gain_ = 1;        // largest factor from dy gamma to dx
  double start_ = 0;       // of the parameter gradients
  Comparison result_;
};

void Comparer::Add(const std::string& output, const std::vector<double>& got,
                   const std::vector<double>& expected, double scale, double tolerance) {
  result_.errors.push_back({output, ScaledError<double>(got, expected, scale), tolerance});
}

// True when neither side threw; otherwise result_ says what happened.
bool Comparer::BothTook(const char* what, const std::optional<std::string>& got,
                        const std::optional<std::string>& expected) {
  if (!got && !expected) return true;
  if (got && expected && got->find(kWritten) == std::string::npos &&
      expected->find(kWritten) == std::string::npos) {
    result_.refused = true;
  } else {
    result_.mismatch = std::string(what) + ": got " + got.value_or("a result") +
                       ", the reference " + expected.value_or("a result");
  }
  return false;
}

bool Comparer::StartBoth() {
  const auto got = candidate_->Init(data_);
  const auto expected = reference_->Init(data_);
  start_ = unit_parameters_ ? 0 : 1;
  candidate_->SetParameters(unit_parameters_);
  reference_->SetParameters(unit_parameters_);
  return BothTook("Init", got, expected);
}

bool Comparer::ForwardBoth(Mode mode, const std::vector<double>& x) {
  const auto got = candidate_->Forward(mode, x, &y_);
  const auto expected = reference_->Forward(mode, x, &expected_y_);
  return BothTook(Name(mode), got, expected);
}

void Comparer::TakeConditions() {
  gain_ = normsweep::TakeConditions(reference_->normalizer(), data_.x, expected_y_, &tolerance_);
}

void Comparer::CompareBuffers() {
  const auto buffers = candidate_->normalizer().Buffers();
  const auto expected = reference_->normalizer().Buffers();
  if (buffers.size() != expected.size()) {
    result_.mismatch = std::to_string(buffers.size()) + " buffers, the reference has " +
                       std::to_string(expected.size());
    return;
  }
  for (size_t i = 0; i < buffers.size(); ++i) {
    const std::vector<double> values = ValuesOf(expected[i].value);
    double scale = Largest(values);
    if (expected[i].name == "running_mean") scale = std::max(scale, Largest(data_.x));
    if (expected[i].name == "running_var") scale += OptionNumber("eps", 0);
    Add(buffers[i].name, ValuesOf(buffers[i].value), values, scale, OutputTolerance(tolerance_));
    // From here on both have the same state: an error is counted once.
    for (int64_t j = 0; j < expected[i].value.shape.Elements(); ++j) {
      Set(expected[i].value, j, Get(buffers[i].value, j));
    }
  }
}

void Comparer::CompareStatistics() {
  const SetStatistics got = candidate_->normalizer().Statistics();
  const SetStatistics expected = reference_->normalizer().Statistics();
  if (got.count != expected.count) {
    result_.mismatch = "statistics of " + std::to_string(got.count) +
                       " values a set, the reference has " + std::to_string(expected.count);
    return;
  }
  const double tolerance = OutputTolerance(tolerance_);
  const double eps = tolerance_.own ? 0 : OptionNumber("eps", 0);
  Add("mean", got.mean, expected.mean, Largest(data_.x), tolerance);
  // Where all values are the same the variance is 0, for ours exactly.
  Add("variance", got.variance, expected.variance, Largest(expected.variance) + eps, tolerance);
  Add("r", got.r, expected.r, Largest(expected.r), tolerance);
  Add("d", got.d, expected.d, std::max(1.0, Largest(expected.d)) * LargestDrift(expected),
      tolerance);
}

// The largest deviation of a set in running ones: d = (mean - running_mean) / running_sigma makes
// so many units of its last place of one of the mean's, when the data leaps and the averages lag.
double Comparer::LargestDrift(const SetStatistics& statistics) const {
  const Buffer* sigma = FindNamed(reference_->normalizer().Buffers(), "running_sigma");
  double largest = 1;
  if (sigma == nullptr) return largest;
  const int64_t channels = sigma->value.shape.Elements();
  for (size_t i = 0; i < statistics.variance.size(); ++i) {
    const double running = Get(sigma->value, static_cast<int64_t>(i) % channels);
    largest = std::max(largest, std::sqrt(statistics.variance[i]) / running);
  }
  return largest;
}

void Comparer::CompareGradients() {
  const auto parameters = candidate_->normalizer().Parameters();
  const auto expected = reference_->normalizer().Parameters();
  std::vector<double> dz = data_.dy;
  for (size_t at = 0; at < dz.size(); ++at) dz[at] *= Passes(at) ? 1 : 0;
  for (size_t i = 0; i < parameters.size(); ++i) {
    Add(parameters[i].name + ".grad", ValuesOf(parameters[i].gradient),
        ValuesOf(expected[i].gradient),
        GradientScale(&reference_->normalizer(), tolerance_, expected[i],
                      z_.empty() ? expected_y_ : z_, dz, start_),
        OutputTolerance(tolerance_));
  }
  Add("dx", dx_, expected_dx_,
      InputGradientScale(&reference_->normalizer(), gain_, data_.dy, expected_dx_),
      OutputTolerance(tolerance_));
}

// Rounding moves z by the tolerance of y at most, or y itself would fail.
void Comparer::SilenceKink() {
  if (plain_ == nullptr) return;
  z_.resize(data_.x.size());
  plain_->Forward(mode_, {data_.x.data(), shape_}, {z_.data(), shape_});
  result_.near_kink =
      normsweep::SilenceKink(z_, OutputTolerance(tolerance_) * Largest(z_), &data_.dy);
}

Comparison Comparer::Run(const Creator& create) {
  NormalizerSpec reference = spec_;
  reference.backend = "reference";
  std::unique_ptr<Normalizer> candidate = create(spec_, shape_, &result_.skipped);
  if (candidate == nullptr) return result_;
  candidate_.emplace(std::move(candidate), shape_);
  reference_.emplace(Create(reference, shape_), shape_);
  if (!StartBoth()) return result_;
  result_.implementation = candidate_->normalizer().Info().implementation;
  if (ForwardBoth(Mode::kTrain, data_.warm_up)) {
    data_.x.swap(data_.warm_up);  // conditions and scales of what was just taken in
    TakeConditions();
    CompareBuffers();
    data_.x.swap(data_.warm_up);
  } else if (!result_.refused) {
    return result_;
  }
  result_.refused = false;
  if (HasFusedRelu(reference)) {
    plain_ = MakeWithoutActivation(reference, shape_, &reference_->normalizer());
  }
  if (!result_.mismatch.empty() || !ForwardBoth(mode_, data_.x)) return result_;
  result_.implementation = candidate_->normalizer().Info().implementation;
  TakeConditions();
  SilenceKink();
  Add("y", y_, expected_y_,
      OutputScale(&reference_->normalizer(), tolerance_, z_.empty() ? expected_y_ : z_),
      OutputTolerance(tolerance_));
  candidate_->Backward(data_, start_, &dx_);
  reference_->Backward(data_, start_, &expected_dx_);
  CompareGradients();
  CompareStatistics();
  if (result_.mismatch.empty()) CompareBuffers();
  for (const std::vector<double>* values : {&expected_y_, &expected_dx_}) {
    result_.values += static_cast<int64_t>(values->size());
    result_.zeros += std::count(values->begin(), values->end(), 0.0);
  }
  return result_;
}

}  // namespace

Comparison Compare(const NormalizerSpec& spec, const Shape& shape, Mode mode, CheckInput input,
                   const Creator& create) {
  return Comparer(spec, shape, mode, std::move(input)).Run(create);
}

Comparison Compare(const NormalizerSpec& spec, const Shape& shape, Mode mode,
                   const std::string& fill, const Creator& create) {
  return Compare(spec, shape, mode,
                 CheckInput{MakeCheckData(fill, spec, shape), fill == "exact", fill == "tiny"},
                 create);
}

}  // namespace normsweep
