#include "norms/weight/weight_norm.h"

#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "norms/cost.h"
#include "norms/errors.h"
#include "norms/kernels/weight_kernels.h"
#include "norms/native_info.h"
#include "norms/parallel.h"
#include "norms/storage.h"

namespace normsweep {

WeightNormOptions ReadWeightNormOptions(OptionReader* reader) {
  WeightNormOptions options;
  reader->Number("eps", &options.eps, 0, std::numeric_limits<double>::infinity(),
                 "added to the squared length of a row");
  reader->Finish();
  return options;
}

namespace {

class WeightNorm final : public Normalizer {
 public:
  WeightNorm(const WeightNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : Normalizer(NativeInfo("weight", "weight", Target::kWeight, std::move(resolved)), shape),
        options_(options),
        length_(static_cast<size_t>(shape.n)),
        g_({shape.n, 1, 1}, 1),
        dg_({shape.n, 1, 1}, 0) {
    AddParameter("g", g_.view(), dg_.view());
  }

  Cost ForwardCost(Mode /*mode*/) const override { return Moved(1); }
  Cost BackwardCost(Mode /*mode*/) const override { return Moved(2); }

 private:
  void DoInit(ConstTensorView x, uint64_t /*seed*/) override {
    Measure(x);
    for (int64_t o = 0; o < shape().n; ++o) g_[o] = static_cast<float>(Length(o));
  }

  // Of `inputs` tensors whose rows are measured, then used, and one that is written.
  Cost Moved(int64_t inputs) const {
    const int64_t bytes = shape().Elements() * SizeOf(Info().data_type);
    const bool twice = inputs * bytes / shape().n > LastLevelCacheBytes();
    return {(inputs * (twice ? 2 : 1) + 1) * bytes};
  }

  double Length(int64_t o) const { return length_[static_cast<size_t>(o)]; }
  int64_t row() const { return shape().c * shape().s; }

  // ||x_o|| of every row; throws before anything else is written.
  void Measure(ConstTensorView x) {
    const float* rows = x.As<float>();
    ParallelFor(shape().n, shape().Elements(), [&](int64_t o) {
      const float* values = rows + o * row();
      length_[static_cast<size_t>(o)] =
          std::sqrt(kernels::Dot(values, values, row()) + options_.eps);
    });
    for (int64_t o = 0; o < shape().n; ++o) {
      if (Length(o) != 0) continue;
      throw ValueError("weight: row " + std::to_string(o) + " of x " + shape().ToString() +
                       " has length 0, expected a row with a direction (or eps > 0)");
    }
  }

  // Equation 2.
  void DoForward(Mode /*mode*/, ConstTensorView x, TensorView y) override {
    Measure(x);
    ParallelFor(shape().n, shape().Elements(), [&](int64_t o) {
      const double factor = static_cast<double>(g_[o]) / Length(o);
      kernels::Scale(x.As<float>() + o * row(), static_cast<float>(factor), row(),
                     y.As<float>() + o * row());
    });
  }

  // Equation 3. With the unit row u = x / ||x||: dg = dy . u, dx = g / ||x|| (dy - dg u). (With eps
  // the projection keeps its form, since d||x||/dx = x / ||x|| holds for sqrt(||x||^2 + eps) too.)
  void DoBackward(Mode /*mode*/, ConstTensorView x, ConstTensorView dy, TensorView dx) override {
    ParallelFor(shape().n, shape().Elements(), [&](int64_t o) {
      const float* values = x.As<float>() + o * row();
      const float* gradient = dy.As<float>() + o * row();
      const double dg = kernels::Dot(gradient, values, row()) / Length(o);
      kernels::Project(values, gradient, dx.As<float>() + o * row(), row(),
                       static_cast<float>(static_cast<double>(g_[o]) / Length(o)),
                       static_cast<float>(dg), static_cast<float>(1 / Length(o)));
      dg_[o] += static_cast<float>(dg);
    });
  }

  WeightNormOptions options_;
  std::vector<double> length_;  // of the last Forward
  Storage g_, dg_;
};

}  // namespace

std::unique_ptr<Normalizer> MakeWeightNorm(const nlohmann::json& options, const Shape& shape,
                                           std::string* /*why_not*/) {
  OptionReader reader(options);
  const WeightNormOptions read = ReadWeightNormOptions(&reader);
  return std::make_unique<WeightNorm>(read, reader.resolved(), shape);
}

}  // namespace normsweep
