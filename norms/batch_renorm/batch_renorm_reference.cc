// The float64 reference of batch_renorm_norm.h, from arXiv 1702.03275: algorithm 1 forward, the
// gradients that its section 3 lists backward, in which r and d are constants. Set w * C + c is
// channel c of sub-batch w.
#include <algorithm>
#include <cmath>

#include "norms/batch_renorm/batch_renorm_norm.h"
#include "norms/errors.h"
#include "norms/reference/reference.h"

namespace normsweep {
namespace {

using reference::Moments;
using reference::Offset;
using reference::Trained;

std::string Label(const BatchRenormOptions& options) {
  const auto& b = options.normalization_batch_size;
  return b ? "batch_renorm(" + std::to_string(*b) + ")" : "batch_renorm";
}

// x_hat = (x - mean) / sigma * r + d.
struct SetOfValues {
  long double mean = 0, sigma = 1, r = 1, d = 0;
};

class BatchRenormReference final : public reference::ReferenceNormalizer {
 public:
  BatchRenormReference(const BatchRenormOptions& options, nlohmann::json resolved,
                       const Shape& shape)
      : ReferenceNormalizer("batch_renorm", Label(options), Target::kActivation,
                            std::move(resolved), shape, options.activation),
        options_(options) {
    const Shape per_channel{1, shape.c, 1, shape.layout};
    if (options.affine) {
      gamma_ = NewParameter("gamma", per_channel, 1);
      beta_ = NewParameter("beta", per_channel, 0);
    }
    running_mean_ = NewBuffer("running_mean", per_channel, 0);
    running_sigma_ = NewBuffer("running_sigma", per_channel, 1);
    step_ = NewBuffer("step", {1, 1, 1, shape.layout}, 0);
  }

 protected:
  void CheckForward(Mode mode, const Shape& x) const override {
    if (mode == Mode::kEval) return;
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
    if (mode == Mode::kEval) {
      TakeRunning();
    } else {
      Measure(mode, x);
    }
    if (mode == Mode::kTrain) UpdateRunning();
    for (int64_t w = 0; w < sub_batches_; ++w) {
      for (int64_t c = 0; c < shape().c; ++c) {
        const SetOfValues& set = Set(w, c);
        ForEach(w, c, [&](int64_t i) {
          const long double x_hat = (x[i] - set.mean) / set.sigma * set.r + set.d;
          y[i] = Activate(i, gamma_.At(c, 1) * x_hat + beta_.At(c, 0));
        });
      }
    }
  }

  void DoBackward(Mode mode, ConstTensorView x_view, ConstTensorView dy_view,
                  TensorView dx_view) override {
    const double* x = x_view.As<double>();
    const std::vector<double> dz = BackThroughActivation(dy_view);
    const double* dy = dz.data();
    double* dx = dx_view.As<double>();
    const int64_t values_of_set = shape().n / sub_batches_ * shape().s;
    const auto m = static_cast<long double>(values_of_set);
    for (int64_t w = 0; w < sub_batches_; ++w) {
      for (int64_t c = 0; c < shape().c; ++c) {
        const SetOfValues& set = Set(w, c);
        const long double gamma = gamma_.At(c, 1);
        long double d_gamma = 0, d_beta = 0, d_sigma = 0, d_mean = 0;
        ForEach(w, c, [&](int64_t i) {
          d_gamma += dy[i] * ((x[i] - set.mean) / set.sigma * set.r + set.d);
          d_beta += dy[i];
          d_sigma += dy[i] * gamma * (x[i] - set.mean) * (-set.r / (set.sigma * set.sigma));
          d_mean += dy[i] * gamma * (-set.r / set.sigma);
        });
        gamma_.Accumulate(c, d_gamma);
        beta_.Accumulate(c, d_beta);
        if (mode == Mode::kEval) d_sigma = d_mean = 0;  // running statistics are constants
        ForEach(w, c, [&](int64_t i) {
          dx[i] = static_cast<double>(dy[i] * gamma * set.r / set.sigma +
                                      d_sigma * (x[i] - set.mean) / (m * set.sigma) + d_mean / m);
        });
      }
    }
  }

 private:
  const SetOfValues& Set(int64_t w, int64_t c) const {
    return sets_[static_cast<size_t>(w * shape().c + c)];
  }

  template <class Visit>
  void ForEach(int64_t w, int64_t c, Visit visit) const {
    for (int64_t n = w; n < shape().n; n += sub_batches_) {
      for (int64_t s = 0; s < shape().s; ++s) visit(Offset(shape(), n, c, s));
    }
  }

  // How far the limits have opened before update number `step`: 0 in the warm-up, 1 at the end.
  double Opened(double step) const {
    const double ramped = step - static_cast<double>(options_.warmup_steps);
    if (ramped < 0) return 0;
    if (ramped >= static_cast<double>(options_.ramp_steps)) return 1;
    return ramped / static_cast<double>(options_.ramp_steps);
  }

  void Measure(Mode mode, const double* x) {
    const int64_t b = options_.normalization_batch_size.value_or(shape().n);
    sub_batches_ = shape().n / b;
    sets_.clear();
    std::vector<Moments> moments;
    for (int64_t w = 0; w < sub_batches_; ++w) {
      for (int64_t c = 0; c < shape().c; ++c) {
        std::vector<double> values;
        ForEach(w, c, [&](int64_t i) { values.push_back(x[i]); });
        const Moments& set = moments.emplace_back(reference::TwoPass(values));
        sets_.push_back({set.mean, std::sqrt(set.variance + options_.eps), 1, 0});
        if (mode == Mode::kTrain) Correct(c, &sets_.back());
      }
    }
    Measured(b * shape().s, moments);
    SetStatistics statistics = DoStatistics();
    for (const SetOfValues& set : sets_) {
      statistics.r.push_back(static_cast<double>(set.r));
      statistics.d.push_back(static_cast<double>(set.d));
    }
    Measured(std::move(statistics));
  }

  // r and d, from the running statistics as they were before this batch.
  void Correct(int64_t c, SetOfValues* set) const {
    const long double r_max = 1 + Opened(*step_) * (options_.r_max - 1);
    const long double d_max = Opened(*step_) * options_.d_max;
    set->r = std::clamp(set->sigma / running_sigma_[c], 1 / r_max, r_max);
    set->d = std::clamp((set->mean - running_mean_[c]) / running_sigma_[c], -d_max, d_max);
  }

  void TakeRunning() {
    sub_batches_ = 1;
    sets_.clear();
    for (int64_t c = 0; c < shape().c; ++c) {
      sets_.push_back({running_mean_[c], running_sigma_[c], 1, 0});
    }
    Measured({});
  }

  void UpdateRunning() {
    const auto weights = reference::WeightsOfUpdate(options_.average, shape().n, *step_);
    const auto count = static_cast<long double>(sub_batches_);
    for (int64_t c = 0; c < shape().c; ++c) {
      long double mean = 0, sigma = 0;
      for (int64_t w = 0; w < sub_batches_; ++w) {
        mean += Set(w, c).mean / count;
        sigma += Set(w, c).sigma / count;
      }
      running_mean_[c] = static_cast<double>(weights.keep * running_mean_[c] + weights.take * mean);
      running_sigma_[c] =
          static_cast<double>(weights.keep * running_sigma_[c] + weights.take * sigma);
    }
    *step_ += 1;
  }

  BatchRenormOptions options_;
  Trained gamma_, beta_;
  double* running_mean_ = nullptr;
  double* running_sigma_ = nullptr;
  double* step_ = nullptr;
  int64_t sub_batches_ = 1;        // of the last Forward
  std::vector<SetOfValues> sets_;  // of the last Forward
};

}  // namespace

std::unique_ptr<Normalizer> MakeBatchRenormReference(const nlohmann::json& options,
                                                     const Shape& shape, std::string* /*why_not*/) {
  OptionReader reader(options);
  const BatchRenormOptions read = ReadBatchRenormOptions(&reader);
  return std::make_unique<BatchRenormReference>(read, reader.resolved(), shape);
}

}  // namespace normsweep
