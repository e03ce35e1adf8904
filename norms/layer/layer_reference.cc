// The float64 reference of layer_norm.h, from arXiv 1607.06450, equations 3 and 4.
#include <cmath>

#include "norms/errors.h"
#include "norms/layer/layer_norm.h"
#include "norms/reference/reference.h"

namespace normsweep {
namespace {

using reference::Moments;
using reference::Offset;
using reference::Trained;

class LayerNormReference final : public reference::ReferenceNormalizer {
 public:
  LayerNormReference(const LayerNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : ReferenceNormalizer("layer", "layer", Target::kActivation, std::move(resolved), shape,
                            options.activation),
        options_(options) {
    if (options.affine == "none") return;
    const int64_t sites = options.affine == "element" ? shape.s : 1;
    gamma_ = NewParameter("gamma", {1, shape.c, sites, shape.layout}, 1);
    beta_ = NewParameter("beta", {1, shape.c, sites, shape.layout}, 0);
  }

 protected:
  void CheckForward(Mode mode, const Shape& x) const override {
    if (mode == Mode::kTrain && x.c * x.s == 1) {
      throw ShapeError(Info().label + ": x has shape " + x.ToString() +
                       ", one value a sample, expected C * S of 2 or more in training");
    }
  }

  void DoForward(Mode /*mode*/, ConstTensorView x_view, TensorView y_view) override {
    const double* x = x_view.As<double>();
    double* y = y_view.As<double>();
    samples_.clear();
    for (int64_t n = 0; n < shape().n; ++n) {
      std::vector<double> values;
      for (int64_t c = 0; c < shape().c; ++c) {
        for (int64_t s = 0; s < shape().s; ++s) values.push_back(x[Offset(shape(), n, c, s)]);
      }
      const Moments& sample = samples_.emplace_back(reference::TwoPass(values));
      const long double sigma = std::sqrt(sample.variance + options_.eps);
      for (int64_t c = 0; c < shape().c; ++c) {
        for (int64_t s = 0; s < shape().s; ++s) {
          const int64_t i = Offset(shape(), n, c, s), p = ParameterAt(c, s);
          y[i] = Activate(i, gamma_.At(p, 1) * (x[i] - sample.mean) / sigma + beta_.At(p, 0));
        }
      }
    }
    Measured(shape().c * shape().s, samples_);
  }

  // a = (x - mean) / sigma with mean = sum(x) / m and sigma = sqrt(sum((x - mean)^2) / m + eps):
  //   dL/dsigma = -sum(dL/da (x - mean)) / sigma^2        dsigma/dx_i = (x_i - mean) / (m sigma)
  //   dL/dmean  = -sum(dL/da) / sigma                     dmean/dx_i  = 1 / m
  // sigma's own dependence on the mean is zero: the deviations sum to zero.
  void DoBackward(Mode /*mode*/, ConstTensorView x_view, ConstTensorView dy_view,
                  TensorView dx_view) override {
    const double* x = x_view.As<double>();
    const std::vector<double> dz = BackThroughActivation(dy_view);
    const double* dy = dz.data();
    double* dx = dx_view.As<double>();
    const auto m = static_cast<long double>(shape().c * shape().s);
    AccumulateParameters(x, dy);
    for (int64_t n = 0; n < shape().n; ++n) {
      const Moments& sample = samples_[static_cast<size_t>(n)];
      const long double sigma = std::sqrt(sample.variance + options_.eps);
      long double d_sigma = 0, d_mean = 0;
      for (int64_t c = 0; c < shape().c; ++c) {
        for (int64_t s = 0; s < shape().s; ++s) {
          const int64_t i = Offset(shape(), n, c, s), p = ParameterAt(c, s);
          const long double deviation = x[i] - sample.mean;
          d_sigma -= dy[i] * gamma_.At(p, 1) * deviation / (sigma * sigma);
          d_mean -= dy[i] * gamma_.At(p, 1) / sigma;
        }
      }
      for (int64_t c = 0; c < shape().c; ++c) {
        for (int64_t s = 0; s < shape().s; ++s) {
          const int64_t i = Offset(shape(), n, c, s);
          const long double d_a = dy[i] * gamma_.At(ParameterAt(c, s), 1);
          dx[i] = static_cast<double>(d_a / sigma + d_sigma * (x[i] - sample.mean) / (m * sigma) +
                                      d_mean / m);
        }
      }
    }
  }

 private:
  int64_t ParameterAt(int64_t c, int64_t s) const {
    return options_.affine == "element" ? Offset(shape(), 0, c, s) : c;
  }

  // A parameter's gradient is the sum over all elements that it multiplies or is added to.
  void AccumulateParameters(const double* x, const double* dy) const {
    if (options_.affine == "none") return;
    const int64_t sites = options_.affine == "element" ? shape().s : 1;
    std::vector<long double> d_gamma(static_cast<size_t>(shape().c * sites)), d_beta = d_gamma;
    for (int64_t n = 0; n < shape().n; ++n) {
      const Moments& sample = samples_[static_cast<size_t>(n)];
      const long double sigma = std::sqrt(sample.variance + options_.eps);
      for (int64_t c = 0; c < shape().c; ++c) {
        for (int64_t s = 0; s < shape().s; ++s) {
          const int64_t i = Offset(shape(), n, c, s);
          const auto p = static_cast<size_t>(ParameterAt(c, s));
          d_gamma[p] += dy[i] * (x[i] - sample.mean) / sigma;
          d_beta[p] += dy[i];
        }
      }
    }
    for (size_t p = 0; p < d_gamma.size(); ++p) {
      gamma_.Accumulate(static_cast<int64_t>(p), d_gamma[p]);
      beta_.Accumulate(static_cast<int64_t>(p), d_beta[p]);
    }
  }

  LayerNormOptions options_;
  Trained gamma_, beta_;
  std::vector<Moments> samples_;  // of the last Forward
};

}  // namespace

std::unique_ptr<Normalizer> MakeLayerNormReference(const nlohmann::json& options,
                                                   const Shape& shape, std::string* /*why_not*/) {
  OptionReader reader(options);
  const LayerNormOptions read = ReadLayerNormOptions(&reader);
  return std::make_unique<LayerNormReference>(read, reader.resolved(), shape);
}

}  // namespace normsweep
