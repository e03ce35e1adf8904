// The float64 reference of spectral_norm.h, from arXiv 1802.05957, algorithm 1 and equation 12.
#include <algorithm>
#include <cmath>

#include "norms/errors.h"
#include "norms/random.h"
#include "norms/reference/reference.h"
#include "norms/spectral/spectral_norm.h"

namespace normsweep {
namespace {

using reference::Offset;
using LongDoubles = std::vector<long double>;

// The first numbers of a stream, as a unit vector.
LongDoubles RandomUnit(uint64_t seed, uint64_t stream, int64_t size) {
  Random random(seed, stream);
  LongDoubles z(static_cast<size_t>(size));
  long double squares = 0;
  for (long double& value : z) {
    value = random.Gaussian();
    squares += value * value;
  }
  for (long double& value : z) value /= std::sqrt(squares);
  return z;
}

struct SingularVectors {
  LongDoubles u, v;       // v in the logical order (i, k), whatever the layout
  long double sigma = 0;  // u^T W v
};

class SpectralNormReference final : public reference::ReferenceNormalizer {
 public:
  SpectralNormReference(const SpectralNormOptions& options, nlohmann::json resolved,
                        const Shape& shape)
      : ReferenceNormalizer("spectral", "spectral", Target::kWeight, std::move(resolved), shape),
        options_(options) {
    u_ = NewBuffer("u", {shape.n, 1, 1, shape.layout}, 0);
    v_ = NewBuffer("v", {1, shape.c, shape.s, shape.layout}, 0);
    running_sigma_ = NewBuffer("running_sigma", {1, 1, 1, shape.layout}, 1);
    // No weight to compute v from yet: v is drawn as well.
    Store({RandomUnit(0, 0, shape.n), RandomUnit(0, 1, Columns()), 1});
  }

 protected:
  void DoForward(Mode mode, ConstTensorView x_view, TensorView y_view) override {
    const double* x = x_view.As<double>();
    double* y = y_view.As<double>();
    last_ = Iterated(x, mode == Mode::kTrain ? options_.power_iterations : 0, Loaded());
    if (mode == Mode::kTrain) Store(last_);
    for (int64_t i = 0; i < shape().Elements(); ++i) {
      y[i] = static_cast<double>(x[i] / last_.sigma);
    }
    Measured({});
  }

  // y = x / sigma and sigma = sum_oj u_o x_oj v_j with u and v constant:
  // dL/dsigma = -sum(dL/dy x) / sigma^2, dsigma/dx_oj = u_o v_j.
  void DoBackward(Mode /*mode*/, ConstTensorView x_view, ConstTensorView dy_view,
                  TensorView dx_view) override {
    const double* x = x_view.As<double>();
    const double* dy = dy_view.As<double>();
    double* dx = dx_view.As<double>();
    long double d_sigma = 0;
    for (int64_t i = 0; i < shape().Elements(); ++i) {
      d_sigma -= dy[i] * (x[i] / last_.sigma) / last_.sigma;
    }
    ForEach([&](int64_t i, size_t o, size_t j) {
      dx[i] = static_cast<double>(dy[i] / last_.sigma + d_sigma * last_.u[o] * last_.v[j]);
    });
  }

 private:
  void DoInit(ConstTensorView x, uint64_t seed) override {
    constexpr int64_t kIterations = 15;
    Store(Iterated(x.As<double>(), kIterations, {RandomUnit(seed, 0, shape().n), {}, 0}));
  }

  int64_t Columns() const { return shape().c * shape().s; }

  // visit(offset, row o, column j = i K + k of the matrix).
  template <class Visit>
  void ForEach(Visit visit) const {
    for (int64_t o = 0; o < shape().n; ++o) {
      for (int64_t i = 0; i < shape().c; ++i) {
        for (int64_t k = 0; k < shape().s; ++k) {
          visit(Offset(shape(), o, i, k), static_cast<size_t>(o),
                static_cast<size_t>(i * shape().s + k));
        }
      }
    }
  }

  void Normalize(LongDoubles* z) const {
    long double squares = 0;
    for (const long double value : *z) squares += value * value;
    const long double length = std::max<long double>(std::sqrt(squares), options_.eps);
    for (long double& value : *z) value /= length;
  }

  // Throws ValueError, with nothing stored, for a sigma by which nothing can be divided.
  SingularVectors Iterated(const double* x, int64_t iterations, SingularVectors start) const {
    SingularVectors z = std::move(start);
    for (int64_t t = 0; t < iterations; ++t) {
      z.v.assign(static_cast<size_t>(Columns()), 0);
      ForEach([&](int64_t i, size_t o, size_t j) { z.v[j] += x[i] * z.u[o]; });
      Normalize(&z.v);
      z.u.assign(static_cast<size_t>(shape().n), 0);
      ForEach([&](int64_t i, size_t o, size_t j) { z.u[o] += x[i] * z.v[j]; });
      Normalize(&z.u);
    }
    z.sigma = 0;
    ForEach([&](int64_t i, size_t o, size_t j) { z.sigma += z.u[o] * x[i] * z.v[j]; });
    // Also where only long double can hold it: the buffer is float64.
    const auto sigma = static_cast<double>(z.sigma);
    if (sigma == 0 || !std::isfinite(sigma)) {
      throw ValueError(Info().label + ": sigma is " + nlohmann::json(sigma).dump() +
                       " for x of shape " + shape().ToString() +
                       ", expected a finite number other than 0");
    }
    return z;
  }

  SingularVectors Loaded() const {
    SingularVectors z{LongDoubles(u_, u_ + shape().n), LongDoubles(static_cast<size_t>(Columns())),
                      0};
    ForEach([&](int64_t i, size_t o, size_t j) {
      if (o == 0) z.v[j] = v_[i];  // v lies as row 0 of x does
    });
    return z;
  }

  void Store(const SingularVectors& z) {
    ForEach([&](int64_t i, size_t o, size_t j) {
      if (o == 0) v_[i] = static_cast<double>(z.v[j]);
    });
    for (size_t o = 0; o < z.u.size(); ++o) u_[o] = static_cast<double>(z.u[o]);
    *running_sigma_ = static_cast<double>(z.sigma);
  }

  SpectralNormOptions options_;
  double* u_ = nullptr;
  double* v_ = nullptr;
  double* running_sigma_ = nullptr;
  SingularVectors last_;  // of the last Forward
};

}  // namespace

std::unique_ptr<Normalizer> MakeSpectralNormReference(const nlohmann::json& options,
                                                      const Shape& shape,
                                                      std::string* /*why_not*/) {
  OptionReader reader(options);
  const SpectralNormOptions read = ReadSpectralNormOptions(&reader);
  return std::make_unique<SpectralNormReference>(read, reader.resolved(), shape);
}

}  // namespace normsweep
