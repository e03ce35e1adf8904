// The float64 reference of instance_norm.h, from arXiv 1607.08022, equation (IN). Moments n * C + c
// are those of plane (n, c).
#include <cmath>

#include "norms/errors.h"
#include "norms/instance/instance_norm.h"
#include "norms/reference/reference.h"

namespace normsweep {
namespace {

using reference::Moments;
using reference::Offset;
using reference::Trained;

class InstanceNormReference final : public reference::ReferenceNormalizer {
 public:
  InstanceNormReference(const InstanceNormOptions& options, nlohmann::json resolved,
                        const Shape& shape)
      : ReferenceNormalizer("instance", "instance", Target::kActivation, std::move(resolved), shape,
                            options.activation),
        options_(options) {
    const Shape per_channel{1, shape.c, 1, shape.layout};
    if (options.affine) {
      gamma_ = NewParameter("gamma", per_channel, 1);
      beta_ = NewParameter("beta", per_channel, 0);
    }
    if (!options.track_running_stats) return;
    running_mean_ = NewBuffer("running_mean", per_channel, 0);
    running_var_ = NewBuffer("running_var", per_channel, 1);
    step_ = NewBuffer("step", {1, 1, 1, shape.layout}, 0);
  }

 protected:
  void CheckForward(Mode mode, const Shape& x) const override {
    if (mode == Mode::kTrain && x.s == 1) {
      throw ShapeError(Info().label + ": x has shape " + x.ToString() +
                       ", one value a plane, expected S of 2 or more in training");
    }
  }

  void DoForward(Mode mode, ConstTensorView x_view, TensorView y_view) override {
    const double* x = x_view.As<double>();
    double* y = y_view.As<double>();
    planes_.clear();
    for (int64_t n = 0; n < shape().n; ++n) {
      for (int64_t c = 0; c < shape().c; ++c) {
        planes_.push_back(UsesRunning(mode) ? Moments{running_mean_[c], running_var_[c]}
                                            : MeasuredPlane(x, n, c));
      }
    }
    if (UsesRunning(mode)) {
      Measured({});
    } else {
      Measured(shape().s, planes_);
    }
    if (mode == Mode::kTrain && options_.track_running_stats) UpdateRunning();
    for (int64_t n = 0; n < shape().n; ++n) {
      for (int64_t c = 0; c < shape().c; ++c) {
        const Moments& plane = Plane(n, c);
        const long double sigma = std::sqrt(plane.variance + options_.eps);
        for (int64_t s = 0; s < shape().s; ++s) {
          const int64_t i = Offset(shape(), n, c, s);
          y[i] = Activate(i, gamma_.At(c, 1) * (x[i] - plane.mean) / sigma + beta_.At(c, 0));
        }
      }
    }
  }

  // With z = x - mean and sigma = sqrt(mean(z^2) + eps): first back through z / sigma to z, then
  // through the subtraction of the mean.
  void DoBackward(Mode mode, ConstTensorView x_view, ConstTensorView dy_view,
                  TensorView dx_view) override {
    const double* x = x_view.As<double>();
    const std::vector<double> dz = BackThroughActivation(dy_view);
    const double* dy = dz.data();
    double* dx = dx_view.As<double>();
    const auto m = static_cast<long double>(shape().s);
    for (int64_t n = 0; n < shape().n; ++n) {
      for (int64_t c = 0; c < shape().c; ++c) {
        const long double mean = Plane(n, c).mean;
        const long double sigma = std::sqrt(Plane(n, c).variance + options_.eps);
        const long double gamma = gamma_.At(c, 1);
        long double d_gamma = 0, d_beta = 0, d_sigma = 0;
        for (int64_t s = 0; s < shape().s; ++s) {
          const int64_t i = Offset(shape(), n, c, s);
          const long double z = x[i] - mean;
          d_gamma += dy[i] * z / sigma;
          d_beta += dy[i];
          d_sigma -= dy[i] * gamma * z / (sigma * sigma);
        }
        gamma_.Accumulate(c, d_gamma);
        beta_.Accumulate(c, d_beta);
        if (UsesRunning(mode)) d_sigma = 0;  // running statistics are constants
        std::vector<long double> d_z;
        long double d_mean = 0;
        for (int64_t s = 0; s < shape().s; ++s) {
          const int64_t i = Offset(shape(), n, c, s);
          d_z.push_back(dy[i] * gamma / sigma + d_sigma * (x[i] - mean) / (m * sigma));
          d_mean -= d_z.back();
        }
        if (UsesRunning(mode)) d_mean = 0;
        for (int64_t s = 0; s < shape().s; ++s) {
          dx[Offset(shape(), n, c, s)] =
              static_cast<double>(d_z[static_cast<size_t>(s)] + d_mean / m);
        }
      }
    }
  }

 private:
  bool UsesRunning(Mode mode) const { return mode == Mode::kEval && options_.track_running_stats; }

  const Moments& Plane(int64_t n, int64_t c) const {
    return planes_[static_cast<size_t>(n * shape().c + c)];
  }

  Moments MeasuredPlane(const double* x, int64_t n, int64_t c) const {
    std::vector<double> values;
    for (int64_t s = 0; s < shape().s; ++s) values.push_back(x[Offset(shape(), n, c, s)]);
    return reference::TwoPass(values);
  }

  void UpdateRunning() {
    const auto weights = reference::WeightsOfUpdate(options_.average, shape().n, *step_);
    const auto samples = static_cast<long double>(shape().n);
    const auto m = static_cast<long double>(shape().s);
    for (int64_t c = 0; c < shape().c; ++c) {
      long double mean = 0, variance = 0;
      for (int64_t n = 0; n < shape().n; ++n) {
        mean += Plane(n, c).mean / samples;
        variance += Plane(n, c).variance * m / (m - 1) / samples;
      }
      running_mean_[c] = static_cast<double>(weights.keep * running_mean_[c] + weights.take * mean);
      running_var_[c] =
          static_cast<double>(weights.keep * running_var_[c] + weights.take * variance);
    }
    *step_ += 1;
  }

  InstanceNormOptions options_;
  Trained gamma_, beta_;
  double* running_mean_ = nullptr;
  double* running_var_ = nullptr;
  double* step_ = nullptr;
  std::vector<Moments> planes_;  // of the last Forward: measured or running
};

}  // namespace

std::unique_ptr<Normalizer> MakeInstanceNormReference(const nlohmann::json& options,
                                                      const Shape& shape,
                                                      std::string* /*why_not*/) {
  OptionReader reader(options);
  const InstanceNormOptions read = ReadInstanceNormOptions(&reader);
  return std::make_unique<InstanceNormReference>(read, reader.resolved(), shape);
}

}  // namespace normsweep
