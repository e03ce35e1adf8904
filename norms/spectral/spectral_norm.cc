#include "norms/spectral/spectral_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "norms/cost.h"
#include "norms/errors.h"
#include "norms/kernels/weight_kernels.h"
#include "norms/native_info.h"
#include "norms/parallel.h"
#include "norms/random.h"

namespace normsweep {

SpectralNormOptions ReadSpectralNormOptions(OptionReader* reader) {
  SpectralNormOptions options;
  reader->Number("eps", &options.eps, 0, std::numeric_limits<double>::infinity(),
                 "least length by which a power iteration divides");
  reader->Integer("power_iterations", &options.power_iterations, 1,
                  "power iterations of one forward in training");
  reader->Finish();
  return options;
}

namespace {

using Vector = std::vector<double>;

double Dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void Normalize(Vector* a, double eps) {
  const double length = std::max(std::sqrt(Dot(*a, *a)), eps);
  for (double& value : *a) value /= length;
}

class SpectralNorm final : public Normalizer {
 public:
  SpectralNorm(const SpectralNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : Normalizer(NativeInfo("spectral", "spectral", Target::kWeight, std::move(resolved)), shape),
        options_(options),
        u_(static_cast<size_t>(shape.n)),
        v_(static_cast<size_t>(row())),
        products_(static_cast<size_t>(shape.n)) {
    DrawU(0);
    Random random(0, 1);
    for (int64_t i = 0; i < shape.c; ++i) {
      for (int64_t k = 0; k < shape.s; ++k) {
        const int64_t at =
            shape.layout == Layout::kChannelsFirst ? i * shape.s + k : k * shape.c + i;
        v_[static_cast<size_t>(at)] = random.Gaussian();
      }
    }
    Normalize(&v_, options_.eps);
    AddBuffer("u", TensorView(u_.data(), {shape.n, 1, 1}));
    AddBuffer("v", TensorView(v_.data(), {1, shape.c, shape.s, shape.layout}));
    AddBuffer("running_sigma", TensorView(&sigma_, {1, 1, 1}));
  }

  Cost ForwardCost(Mode mode) const override {
    const int64_t bytes = shape().Elements() * SizeOf(Info().data_type);
    const int64_t products = mode == Mode::kTrain ? 2 * options_.power_iterations : 1;
    return {bytes * (bytes > LastLevelCacheBytes() ? products + 2 : 2)};
  }

  // The sum over x and dy must be complete before dx, for which dy is read again.
  Cost BackwardCost(Mode /*mode*/) const override {
    const int64_t bytes = shape().Elements() * SizeOf(Info().data_type);
    return {(2 * bytes > LastLevelCacheBytes() ? 4 : 3) * bytes};
  }

 private:
  void DoInit(ConstTensorView x, uint64_t seed) override {
    constexpr int64_t kIterations = 15;  // as PyTorch's parametrizations.spectral_norm
    DrawU(seed);
    Keep(Iterate(x.As<float>(), kIterations));
  }

  int64_t row() const { return shape().c * shape().s; }

  void DrawU(uint64_t seed) {
    Random random(seed, 0);
    for (double& value : u_) value = random.Gaussian();
    Normalize(&u_, options_.eps);
  }

  // out = W v
  void Product(const float* w, const Vector& v, Vector* out) const {
    ParallelFor(shape().n, shape().Elements(), [&](int64_t o) {
      (*out)[static_cast<size_t>(o)] = kernels::DotMixed(w + o * row(), v.data(), row());
    });
  }

  // out = W^T u
  void TransposedProduct(const float* w, const Vector& u, Vector* out) const {
    constexpr int64_t kChunk = 1024;  // of columns, each summed over the rows in their order
    std::fill(out->begin(), out->end(), 0.0);
    ParallelFor((row() + kChunk - 1) / kChunk, shape().Elements(), [&](int64_t chunk) {
      const int64_t first = chunk * kChunk;
      const int64_t n = std::min(kChunk, row() - first);
      for (int64_t o = 0; o < shape().n; ++o) {
        kernels::AddScaled(w + o * row() + first, u[static_cast<size_t>(o)], n,
                           out->data() + first);
      }
    });
  }

  // Algorithm 1, line 1, then sigma. Works on next_u_ and next_v_, so that an error leaves the
  // buffers as they were.
  double Iterate(const float* w, int64_t iterations) {
    next_u_ = u_;
    next_v_ = v_;
    for (int64_t i = 0; i < iterations; ++i) {
      TransposedProduct(w, next_u_, &next_v_);
      Normalize(&next_v_, options_.eps);
      Product(w, next_v_, &products_);  // also the one that sigma needs, after the last iteration
      next_u_ = products_;
      Normalize(&next_u_, options_.eps);
    }
    if (iterations == 0) Product(w, next_v_, &products_);
    const double sigma = Dot(next_u_, products_);
    if (std::isfinite(sigma) && sigma != 0) return sigma;
    throw ValueError("spectral: sigma of x " + shape().ToString() + " is " +
                     nlohmann::json(sigma).dump() + ", expected a finite value other than 0");
  }

  void Keep(double sigma) {
    std::copy(next_u_.begin(), next_u_.end(), u_.begin());  // in place: the buffers' views stay
    std::copy(next_v_.begin(), next_v_.end(), v_.begin());
    sigma_ = sigma;
  }

  void DoForward(Mode mode, ConstTensorView x, TensorView y) override {
    const float* w = x.As<float>();
    const bool train = mode == Mode::kTrain;
    forward_sigma_ = Iterate(w, train ? options_.power_iterations : 0);
    if (train) Keep(forward_sigma_);
    ParallelFor(shape().n, shape().Elements(), [&](int64_t o) {
      const auto factor = static_cast<float>(1 / forward_sigma_);
      kernels::ScaleRows(w + o * row(), &factor, 1, row(), false, y.As<float>() + o * row());
    });
  }

  // dL/dx = (dL/dy - (dL/dy . y) u v^T) / sigma: equation 12 with its sum over the batch taken.
  void DoBackward(Mode /*mode*/, ConstTensorView x, ConstTensorView dy, TensorView dx) override {
    ParallelFor(shape().n, shape().Elements(), [&](int64_t o) {
      kernels::RowDots(dy.As<float>() + o * row(), x.As<float>() + o * row(), 1, row(),
                       &products_[static_cast<size_t>(o)]);
    });
    const double dot = std::accumulate(products_.begin(), products_.end(), 0.0) / forward_sigma_;
    ParallelFor(shape().n, shape().Elements(), [&](int64_t o) {
      kernels::Subtract(dy.As<float>() + o * row(), v_.data(), dx.As<float>() + o * row(), row(),
                        static_cast<float>(1 / forward_sigma_), dot * u_[static_cast<size_t>(o)]);
    });
  }

  SpectralNormOptions options_;
  Vector u_, v_;
  Vector next_u_, next_v_, products_;  // work space
  double sigma_ = 1;                   // the buffer: of the last kTrain Forward or Init
  double forward_sigma_ = 1;           // of the last Forward in any mode
};

}  // namespace

std::unique_ptr<Normalizer> MakeSpectralNorm(const nlohmann::json& options, const Shape& shape,
                                             std::string* /*why_not*/) {
  OptionReader reader(options);
  const SpectralNormOptions read = ReadSpectralNormOptions(&reader);
  return std::make_unique<SpectralNorm>(read, reader.resolved(), shape);
}

}  // namespace normsweep
