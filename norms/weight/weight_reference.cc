// The float64 reference of weight_norm.h, from arXiv 1602.07868, equations 2 and 3.
#include <cmath>

#include "norms/errors.h"
#include "norms/reference/reference.h"
#include "norms/weight/weight_norm.h"

namespace normsweep {
namespace {

using reference::Offset;
using reference::Trained;

class WeightNormReference final : public reference::ReferenceNormalizer {
 public:
  WeightNormReference(const WeightNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : ReferenceNormalizer("weight", "weight", Target::kWeight, std::move(resolved), shape),
        options_(options) {
    g_ = NewParameter("g", {shape.n, 1, 1, shape.layout}, 1);
  }

 protected:
  void DoForward(Mode /*mode*/, ConstTensorView x_view, TensorView y_view) override {
    const double* x = x_view.As<double>();
    double* y = y_view.As<double>();
    lengths_ = Lengths(x);
    for (int64_t o = 0; o < shape().n; ++o) {
      ForRow(o, [&](int64_t i) { y[i] = static_cast<double>(g_.At(o, 1) * x[i] / Length(o)); });
    }
    Measured({});
  }

  // Through the length: dL/dlength = -sum(dL/dy g x) / length^2, dlength/dx_i = x_i / length. With
  // dL/dg = sum(dL/dy x) / length this is the paper's equation 3.
  void DoBackward(Mode /*mode*/, ConstTensorView x_view, ConstTensorView dy_view,
                  TensorView dx_view) override {
    const double* x = x_view.As<double>();
    const double* dy = dy_view.As<double>();
    double* dx = dx_view.As<double>();
    for (int64_t o = 0; o < shape().n; ++o) {
      const long double g = g_.At(o, 1), length = Length(o);
      long double d_g = 0, d_length = 0;
      ForRow(o, [&](int64_t i) {
        d_g += dy[i] * (x[i] / length);
        d_length -= dy[i] * g * (x[i] / length) / length;
      });
      g_.Accumulate(o, d_g);
      ForRow(o, [&](int64_t i) {
        dx[i] = static_cast<double>(dy[i] * g / length + d_length * (x[i] / length));
      });
    }
  }

 private:
  void DoInit(ConstTensorView x, uint64_t /*seed*/) override {
    const std::vector<long double> lengths = Lengths(x.As<double>());
    for (size_t o = 0; o < lengths.size(); ++o) g_.value[o] = static_cast<double>(lengths[o]);
  }

  long double Length(int64_t o) const { return lengths_[static_cast<size_t>(o)]; }

  template <class Visit>
  void ForRow(int64_t o, Visit visit) const {
    for (int64_t i = 0; i < shape().c; ++i) {
      for (int64_t k = 0; k < shape().s; ++k) visit(Offset(shape(), o, i, k));
    }
  }

  // sqrt(||x_o||^2 + eps) of every row, or ValueError before anything is written.
  std::vector<long double> Lengths(const double* x) const {
    std::vector<long double> lengths;
    for (int64_t o = 0; o < shape().n; ++o) {
      long double squares = 0;
      ForRow(o, [&](int64_t i) { squares += static_cast<long double>(x[i]) * x[i]; });
      lengths.push_back(std::sqrt(squares + options_.eps));
      if (lengths.back() == 0) {
        throw ValueError(Info().label + ": row " + std::to_string(o) + " of x, of shape " +
                         shape().ToString() + ", has length 0, expected more (or eps above 0)");
      }
    }
    return lengths;
  }

  WeightNormOptions options_;
  Trained g_;
  std::vector<long double> lengths_;  // of the last Forward
};

}  // namespace

std::unique_ptr<Normalizer> MakeWeightNormReference(const nlohmann::json& options,
                                                    const Shape& shape, std::string* /*why_not*/) {
  OptionReader reader(options);
  const WeightNormOptions read = ReadWeightNormOptions(&reader);
  return std::make_unique<WeightNormReference>(read, reader.resolved(), shape);
}

}  // namespace normsweep
