#include "harness/experiments/check/comparison.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "harness/experiments/check/fill.h"
#include "harness/experiments/check/tolerance.h"
#include "norms/errors.h"
#include "norms/random.h"

namespace normsweep {
namespace {

constexpr const char* kWritten = " (after y was written)";

double Largest(std::span<const double> values) {
  double largest = 0;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

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

  void SetParameters(bool unit_parameters) {
    Random random(21, 0);
    for (const Parameter& parameter : normalizer_->Parameters()) {
      for (int64_t i = 0; i < parameter.value.shape.Elements(); ++i) {
        // gamma and g times 0.5 to 1.5, beta from -1 to 1; multiples of 1/16, the same in both types.
        const double sixteenth = static_cast<double>(random.Below(17)) / 16;
        const bool additive = parameter.name == "beta";
        const double factor = unit_parameters ? 1 : 0.5 + sixteenth;
        const double value = static_cast<double>(static_cast<float>(Get(parameter.value, i)));
        Set(parameter.value, i,
            additive ? (unit_parameters ? 0 : 2 * sixteenth - 1)
                     : static_cast<double>(static_cast<float>(value * factor)));
      }
    }
  }

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

std::vector<double> Values(const TensorView& view) {
  std::vector<double> values(static_cast<size_t>(view.shape.Elements()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = Get(view, static_cast<int64_t>(i));
  return values;
}

class Comparer {
 public:
  Comparer(const NormalizerSpec& spec, const Shape& shape, Mode mode, const std::string& fill)
      : spec_(spec), shape_(shape), mode_(mode), fill_(fill) {
    tolerance_.own = spec.backend == "native";
    tolerance_.exact = fill == "exact";
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
  void CompareGradients();
  void Add(const std::string& output, const std::vector<double>& got,
           const std::vector<double>& expected, double scale, double tolerance);
  void TakeConditions();
  // Times (1 + condition): the size, next to gamma, of the terms that cancel where x is near its mean.
  double Folded() const {
    return tolerance_.folded ? tolerance_.condition / (1 + tolerance_.condition) : 0;
  }
  double LargestGamma() const {
    const Parameter* gamma = FindNamed(reference_->normalizer().Parameters(), "gamma");
    return gamma == nullptr ? 1 : Largest(Values(gamma->value));
  }
  double OptionNumber(const char* name, double otherwise) const {
    return reference_->normalizer().Info().options.value(name, otherwise);
  }

  NormalizerSpec spec_;
  Shape shape_;
  Mode mode_;
  std::string fill_;
  ToleranceInput tolerance_;
  CheckData data_;
  std::optional<Side<float>> candidate_;
  std::optional<Side<double>> reference_;
  std::vector<double> y_, expected_y_, dx_, expected_dx_;
  double gain_ = 1;   // largest factor from dy gamma to dx
  double start_ = 0;  // of the parameter gradients
  Comparison result_;
};

void Comparer::Add(const std::string& output, const std::vector<double>& got,
                   const std::vector<double>& expected, double scale, double tolerance) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  OutputError entry{output, got.size() == expected.size() ? 0.0 : kInfinity, tolerance};
  for (size_t i = 0; i < std::min(got.size(), expected.size()); ++i) {
    const double difference = std::abs(got[i] - expected[i]);
    if (difference == 0) continue;
    const bool finite = std::isfinite(difference) && std::isfinite(scale) && scale > 0;
    entry.error = std::max(entry.error, finite ? difference / scale : kInfinity);
  }
  result_.errors.push_back(entry);
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
  // At 1e-20 a beta or a gradient of about 1 would hide the normalized values.
  start_ = fill_ == "tiny" ? 0 : 1;
  candidate_->SetParameters(fill_ == "tiny");
  reference_->SetParameters(fill_ == "tiny");
  return BothTook("Init", got, expected);
}

bool Comparer::ForwardBoth(Mode mode, const std::vector<double>& x) {
  const auto got = candidate_->Forward(mode, x, &y_);
  const auto expected = reference_->Forward(mode, x, &expected_y_);
  return BothTook(Name(mode), got, expected);
}

void Comparer::TakeConditions() {
  Normalizer& reference = reference_->normalizer();
  tolerance_.condition = 0;
  tolerance_.terms = std::max<int64_t>(1, shape_.Elements() / shape_.c);
  gain_ = 0;
  if (reference.target() == Target::kWeight || spec_.name == "none") {
    for (size_t i = 0; i < data_.x.size(); ++i) {
      if (data_.x[i] != 0) gain_ = std::max(gain_, std::abs(expected_y_[i] / data_.x[i]));
    }
    return;
  }
  const double eps = OptionNumber("eps", 0);
  const bool scales = !reference.Info().options.value("center_only", false);
  const SetStatistics statistics = reference.Statistics();
  tolerance_.terms = std::max(tolerance_.terms, statistics.count);
  for (size_t i = 0; i < statistics.mean.size(); ++i) {
    const double k = 1 / std::sqrt(statistics.variance[i] + eps);
    const double r = statistics.r.empty() ? 1.0 : statistics.r[i];
    gain_ = std::max(gain_, scales ? k * r : 1.0);
    tolerance_.condition = std::max(tolerance_.condition, std::abs(statistics.mean[i]) * k);
  }
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
    const std::vector<double> values = Values(expected[i].value);
    double scale = Largest(values);
    if (expected[i].name == "running_mean") scale = std::max(scale, Largest(data_.x));
    if (expected[i].name == "running_var") scale += OptionNumber("eps", 0);
    Add(buffers[i].name, Values(buffers[i].value), values, scale, OutputTolerance(tolerance_));
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
  const double tolerance = StatisticsTolerance(tolerance_);
  const double eps = tolerance_.own ? 0 : OptionNumber("eps", 0);
  Add("mean", got.mean, expected.mean, Largest(data_.x), tolerance);
  // Where all values are the same the variance is 0, for ours exactly.
  Add("variance", got.variance, expected.variance, Largest(expected.variance) + eps, tolerance);
  // r and d pass through float32 coefficients.
  Add("r", got.r, expected.r, Largest(expected.r), OutputTolerance(tolerance_));
  Add("d", got.d, expected.d, std::max(1.0, Largest(expected.d)), OutputTolerance(tolerance_));
}

void Comparer::CompareGradients() {
  const auto parameters = candidate_->normalizer().Parameters();
  const auto expected = reference_->normalizer().Parameters();
  std::vector<double> beta;
  for (const Parameter& parameter : expected) {
    if (parameter.name == "beta") beta = Values(parameter.value);
  }
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::vector<double> value = Values(expected[i].value);
    const bool additive = expected[i].name == "beta";
    std::vector<double> sums(value.size(), std::abs(start_));
    ForEachElement(shape_, [&](int64_t offset, int64_t n, int64_t c, int64_t element) {
      const Shape& s = expected[i].value.shape;
      const auto index = static_cast<size_t>(s.n > 1                      ? n
                                             : s.s == shape_.s && s.c > 1 ? element
                                                                          : c);
      const size_t p = std::min(index, value.size() - 1);
      const auto at = static_cast<size_t>(offset);
      const double normalized =
          additive ? 1 : (expected_y_[at] - (beta.empty() ? 0 : beta[p])) / value[p];
      sums[p] += std::abs(data_.dy[at]) * std::max(std::abs(normalized), Folded());
    });
    Add(parameters[i].name + ".grad", Values(parameters[i].gradient), Values(expected[i].gradient),
        Largest(sums), OutputTolerance(tolerance_));
  }
  Add("dx", dx_, expected_dx_,
      std::max(Largest(expected_dx_), gain_ * LargestGamma() * Largest(data_.dy)),
      OutputTolerance(tolerance_));
}

Comparison Comparer::Run(const Creator& create) {
  NormalizerSpec reference = spec_;
  reference.backend = "reference";
  std::unique_ptr<Normalizer> candidate = create(spec_, shape_, &result_.skipped);
  if (candidate == nullptr) return result_;
  candidate_.emplace(std::move(candidate), shape_);
  reference_.emplace(Create(reference, shape_), shape_);
  data_ = MakeCheckData(fill_, spec_, shape_);
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
  if (!result_.mismatch.empty() || !ForwardBoth(mode_, data_.x)) return result_;
  result_.implementation = candidate_->normalizer().Info().implementation;
  TakeConditions();
  Add("y", y_, expected_y_, std::max(Largest(expected_y_), LargestGamma() * Folded()),
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

Comparison Compare(const NormalizerSpec& spec, const Shape& shape, Mode mode,
                   const std::string& fill, const Creator& create) {
  return Comparer(spec, shape, mode, fill).Run(create);
}

}  // namespace normsweep
