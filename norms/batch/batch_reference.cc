// The float64 reference of batch_norm.h, from arXiv 1502.03167: algorithm 1 forward, the chain rule
// of its section 3 backward. Moments w * C + c are those of channel c of sub-batch w.
#include <cmath>

#include "norms/batch/batch_norm.h"
#include "norms/errors.h"
#include "norms/reference/reference.h"

namespace normsweep {
namespace {

using reference::Moments;
using reference::Offset;
using reference::Trained;

std::string Label(const BatchNormOptions& options) {
  const auto& b = options.normalization_batch_size;
  return b ? "batch(" + std::to_string(*b) + ")" : "batch";
}

class BatchNormReference final : public reference::ReferenceNormalizer {
 public:
  BatchNormReference(const BatchNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : ReferenceNormalizer("batch", Label(options), Target::kActivation, std::move(resolved),
                            shape, options.activation),
        options_(options) {
    const Shape per_channel{1, shape.c, 1, shape.layout};
    if (options.affine && !options.center_only) gamma_ = NewParameter("gamma", per_channel, 1);
    if (options.affine) beta_ = NewParameter("beta", per_channel, 0);
    if (!options.track_running_stats) return;
    running_mean_ = NewBuffer("running_mean", per_channel, 0);
    if (!options.center_only) running_var_ = NewBuffer("running_var", per_channel, 1);
    step_ = NewBuffer("step", {1, 1, 1, shape.layout}, 0);
  }

 protected:
  void CheckForward(Mode mode, const Shape& x) const override {
    if (UsesRunning(mode)) return;
    const int64_t b = options_.normalization_batch_size.value_or(x.n);
    if (x.n % b != 0) {
      throw ShapeError(Info().label + ": x has shape " + x.ToString() +
                       ", expected N to be a multiple of normalization_batch_size " +
                       std::to_string(b));
    }
    if (mode == Mode::kTrain && b * x.s == 1) {
      throw ShapeError(Info().label + ": x has shape " + x.ToString() +
                       ", one value a channel and sub-batch, expected 2 or more in training");
    }
  }

  void DoForward(Mode mode, ConstTensorView x_view, TensorView y_view) override {
    const double* x = x_view.As<double>();
    double* y = y_view.As<double>();
    if (UsesRunning(mode)) {
      TakeRunning();
    } else {
      Measure(x);
    }
    if (mode == Mode::kTrain && options_.track_running_stats) UpdateRunning();
    const int64_t sub_batches = SubBatches();
    for (int64_t n = 0; n < shape().n; ++n) {
      for (int64_t c = 0; c < shape().c; ++c) {
        const Moments& set = Set(n % sub_batches, c);
        for (int64_t s = 0; s < shape().s; ++s) {
          const int64_t i = Offset(shape(), n, c, s);
          y[i] = Activate(i, gamma_.At(c, 1) * (x[i] - set.mean) / Sigma(set) + beta_.At(c, 0));
        }
      }
    }
  }

  void DoBackward(Mode mode, ConstTensorView x_view, ConstTensorView dy_view,
                  TensorView dx_view) override {
    const double* x = x_view.As<double>();
    const std::vector<double> dz = BackThroughActivation(dy_view);
    const double* dy = dz.data();
    double* dx = dx_view.As<double>();
    const auto m = static_cast<long double>(ValuesOfSet());
    for (int64_t w = 0; w < SubBatches(); ++w) {
      for (int64_t c = 0; c < shape().c; ++c) {
        const long double mean = Set(w, c).mean, sigma = Sigma(Set(w, c));
        long double d_gamma = 0, d_beta = 0, d_variance = 0, d_mean = 0, sum_of_deviations = 0;
        ForEach(w, c, [&](int64_t i) {
          const long double d_x_hat = dy[i] * gamma_.At(c, 1);
          d_gamma += dy[i] * (x[i] - mean) / sigma;
          d_beta += dy[i];
          d_variance += d_x_hat * (x[i] - mean) * -0.5L / (sigma * sigma * sigma);
          d_mean -= d_x_hat / sigma;
          sum_of_deviations += x[i] - mean;
        });
        gamma_.Accumulate(c, d_gamma);
        beta_.Accumulate(c, d_beta);
        if (options_.center_only) d_variance = 0;        // y does not contain it
        if (UsesRunning(mode)) d_variance = d_mean = 0;  // x does not move them
        d_mean += d_variance * -2 * sum_of_deviations / m;
        ForEach(w, c, [&](int64_t i) {
          const long double d_x_hat = dy[i] * gamma_.At(c, 1);
          dx[i] = static_cast<double>(d_x_hat / sigma + d_variance * 2 * (x[i] - mean) / m +
                                      d_mean / m);
        });
      }
    }
  }

 private:
  bool UsesRunning(Mode mode) const { return mode == Mode::kEval && options_.track_running_stats; }

  int64_t SubBatches() const { return static_cast<int64_t>(sets_.size()) / shape().c; }
  int64_t ValuesOfSet() const { return shape().n / SubBatches() * shape().s; }
  const Moments& Set(int64_t w, int64_t c) const {
    return sets_[static_cast<size_t>(w * shape().c + c)];
  }

  // What x - mean is divided by; center_only leaves it as it is.
  long double Sigma(const Moments& set) const {
    return options_.center_only ? 1.0L : std::sqrt(set.variance + options_.eps);
  }

  // The elements of channel c in the samples w, w + W, w + 2 W, ... of sub-batch w.
  template <class Visit>
  void ForEach(int64_t w, int64_t c, Visit visit) const {
    for (int64_t n = w; n < shape().n; n += SubBatches()) {
      for (int64_t s = 0; s < shape().s; ++s) visit(Offset(shape(), n, c, s));
    }
  }

  void Measure(const double* x) {
    const int64_t b = options_.normalization_batch_size.value_or(shape().n);
    sets_.resize(static_cast<size_t>(shape().n / b * shape().c));
    for (int64_t w = 0; w < SubBatches(); ++w) {
      for (int64_t c = 0; c < shape().c; ++c) {
        std::vector<double> values;
        ForEach(w, c, [&](int64_t i) { values.push_back(x[i]); });
        sets_[static_cast<size_t>(w * shape().c + c)] = reference::TwoPass(values);
      }
    }
    Measured(b * shape().s, sets_);
  }

  void TakeRunning() {
    sets_.resize(static_cast<size_t>(shape().c));
    for (size_t c = 0; c < sets_.size(); ++c) {
      sets_[c] = {running_mean_[c], options_.center_only ? 0 : running_var_[c]};
    }
    Measured({});
  }

  // Algorithm 2, line 10, as a moving average: E[mean] and m / (m - 1) E[variance].
  void UpdateRunning() {
    const auto weights = reference::WeightsOfUpdate(options_.average, shape().n, *step_);
    const auto m = static_cast<long double>(ValuesOfSet());
    const long double correction = options_.unbiased_running_variance ? m / (m - 1) : 1;
    for (int64_t c = 0; c < shape().c; ++c) {
      long double mean = 0, variance = 0;
      for (int64_t w = 0; w < SubBatches(); ++w) {
        mean += Set(w, c).mean / static_cast<long double>(SubBatches());
        variance += correction * Set(w, c).variance / static_cast<long double>(SubBatches());
      }
      running_mean_[c] = static_cast<double>(weights.keep * running_mean_[c] + weights.take * mean);
      if (options_.center_only) continue;
      running_var_[c] =
          static_cast<double>(weights.keep * running_var_[c] + weights.take * variance);
    }
    *step_ += 1;
  }

  BatchNormOptions options_;
  Trained gamma_, beta_;
  double* running_mean_ = nullptr;
  double* running_var_ = nullptr;
  double* step_ = nullptr;
  std::vector<Moments> sets_;  // of the last Forward: measured or running
};

}  // namespace

std::unique_ptr<Normalizer> MakeBatchNormReference(const nlohmann::json& options,
                                                   const Shape& shape, std::string* /*why_not*/) {
  OptionReader reader(options);
  const BatchNormOptions read = ReadBatchNormOptions(&reader);
  return std::make_unique<BatchNormReference>(read, reader.resolved(), shape);
}

}  // namespace normsweep
