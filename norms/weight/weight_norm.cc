#include "norms/weight/weight_norm.h"

#include <algorithm>
#include <atomic>
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
        dot_(length_.size()),
        factor_(length_.size()),
        g_({shape.n, 1, 1}, 1),
        dg_({shape.n, 1, 1}, 0) {
    AddParameter("g", g_.view(), dg_.view());
  }

  Cost ForwardCost(Mode /*mode*/) const override { return Moved(1); }
  Cost BackwardCost(Mode /*mode*/) const override { return Moved(2); }

 private:
  void DoInit(ConstTensorView x, uint64_t /*seed*/) override {
    CheckRows(x.As<float>());
    ForBlocks([&](int64_t first, int64_t rows) { Measure(x.As<float>(), first, rows); });
    for (int64_t o = 0; o < shape().n; ++o) g_[o] = static_cast<float>(Length(o));
  }

  // Of `inputs` tensors whose rows are measured, then used, and one that is written.
  Cost Moved(int64_t inputs) const {
    const int64_t bytes = shape().Elements() * SizeOf(Info().data_type);
    const bool twice = inputs * bytes / shape().n > LastLevelCacheBytes();
    return {(inputs * (twice ? 2 : 1) + 1) * bytes};
  }

  double Length(int64_t o) const { return length_[static_cast<size_t>(o)]; }
  // Whether the output is too large to stay in the cache.
  bool Streams(Pass pass) const {
    return StreamsOutput(shape().Elements() * SizeOf(Info().data_type), pass);
  }
  int64_t row() const { return shape().c * shape().s; }

  // Calls body(first row, rows) for blocks of rows of about 32 KiB.
  template <class Body>
  void ForBlocks(const Body& body) const {
    const int64_t step = std::max<int64_t>(1, 8192 / row());
    ParallelFor((shape().n + step - 1) / step, shape().Elements(), [&](int64_t block) {
      body(block * step, std::min(step, shape().n - block * step));
    });
  }

  // Throws for a row without a direction: before anything is written, and all but always after one
  // look at each row.
  void CheckRows(const float* x) const {
    if (options_.eps > 0) return;
    std::atomic<int64_t> bad = shape().n;
    ForBlocks([&](int64_t first, int64_t rows) {
      for (int64_t o = first; o < first + rows; ++o) {
        const float* values = x + o * row();
        if (std::any_of(values, values + row(), [](float v) { return v != 0; })) continue;
        int64_t least = bad;
        while (o < least && !bad.compare_exchange_weak(least, o)) {
        }
        return;
      }
    });
    if (bad == shape().n) return;
    throw ValueError("weight: row " + std::to_string(bad) + " of x " + shape().ToString() +
                     " has length 0, expected a row with a direction (or eps > 0)");
  }

  // ||x_o|| of a block of rows.
  void Measure(const float* x, int64_t first, int64_t rows) {
    const float* values = x + first * row();
    double* length = length_.data() + first;
    kernels::RowDots(values, values, rows, row(), length);
    for (int64_t o = 0; o < rows; ++o) length[o] = std::sqrt(length[o] + options_.eps);
  }

  // Equation 2, on rows that are still in the cache from being measured.
  void DoForward(Mode /*mode*/, ConstTensorView x, TensorView y) override {
    CheckRows(x.As<float>());
    ForBlocks([&](int64_t first, int64_t rows) {
      Measure(x.As<float>(), first, rows);
      float* factor = factor_.data() + first;
      for (int64_t o = 0; o < rows; ++o) {
        factor[o] = static_cast<float>(static_cast<double>(g_[first + o]) / Length(first + o));
      }
      kernels::ScaleRows(x.As<float>() + first * row(), factor, rows, row(),
                         Streams(Pass::kStatistics), y.As<float>() + first * row());
    });
  }

  // Equation 3. With the unit row u = x / ||x||: dg = dy . u, dx = g / ||x|| (dy - dg u). (With eps
  // the projection keeps its form, since d||x||/dx = x / ||x|| holds for sqrt(||x||^2 + eps) too.)
  void DoBackward(Mode /*mode*/, ConstTensorView x, ConstTensorView dy, TensorView dx) override {
    ForBlocks([&](int64_t first, int64_t rows) {
      const float* values = x.As<float>() + first * row();
      const float* gradient = dy.As<float>() + first * row();
      float* out = dx.As<float>() + first * row();
      kernels::RowDots(gradient, values, rows, row(), dot_.data() + first);
      for (int64_t o = first; o < first + rows; ++o) {
        const double dg = dot_[static_cast<size_t>(o)] / Length(o);
        const int64_t at = (o - first) * row();
        kernels::Project(values + at, gradient + at, out + at, row(), Streams(Pass::kBackward),
                         static_cast<float>(static_cast<double>(g_[o]) / Length(o)),
                         static_cast<float>(dg), static_cast<float>(1 / Length(o)));
        dg_[o] += static_cast<float>(dg);
      }
    });
  }

  WeightNormOptions options_;
  std::vector<double> length_;  // of the last Forward
  std::vector<double> dot_;     // work space: one a row
  std::vector<float> factor_;   // the same
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
