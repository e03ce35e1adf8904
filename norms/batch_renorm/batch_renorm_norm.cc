#include "norms/batch_renorm/batch_renorm_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "norms/dialect.h"
#include "norms/kernels/renorm_kernels.h"
#include "norms/kernels/set_kernels.h"
#include "norms/set_normalizer.h"

namespace normsweep {

BatchRenormOptions ReadBatchRenormOptions(OptionReader* reader) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Dialect& dialect = ReadDialect(reader, "paper");
  BatchRenormOptions options;
  options.eps = dialect.eps;
  if (std::string(dialect.name) != "paper") {  // this paper's own momentum is 0.01 (section 4)
    options.average.momentum = dialect.momentum;
    options.average.momentum_weights = dialect.momentum_weights;
  }
  reader->Number("eps", &options.eps, 0, kInfinity, "added to the variance inside the root");
  reader->Boolean("affine", &options.affine, "train gamma and beta, one of each a channel");
  ReadRunningAverage(reader, &options.average);
  reader->Number("r_max", &options.r_max, 1, kInfinity,
                 "limit of r: it lies in [1 / r_max, r_max]");
  reader->Number("d_max", &options.d_max, 0, kInfinity, "limit of d: it lies in [-d_max, d_max]");
  reader->Integer("warmup_steps", &options.warmup_steps, 0, "updates with r = 1 and d = 0 first");
  reader->Integer("ramp_steps", &options.ramp_steps, 0,
                  "updates over which the limits then grow from 1 and 0 to r_max and d_max");
  reader->Integer("normalization_batch_size", &options.normalization_batch_size, 1,
                  "samples that share statistics; null: all of the batch");
  options.activation = ReadActivation(reader);
  reader->Finish();
  return options;
}

BatchRenormLimits LimitsAt(const BatchRenormOptions& options, int64_t step) {
  if (step < options.warmup_steps) return {1, 0};
  const auto ramped = static_cast<double>(step - options.warmup_steps);
  const double share = options.ramp_steps == 0
                           ? 1.0
                           : std::min(1.0, ramped / static_cast<double>(options.ramp_steps));
  return {1 + share * (options.r_max - 1), share * options.d_max};
}

namespace {

class BatchRenorm final : public SetNormalizer {
 public:
  BatchRenorm(const BatchRenormOptions& options, nlohmann::json resolved, const Shape& shape)
      : SetNormalizer(NativeInfo("batch_renorm",
                                 SubBatchLabel("batch_renorm", options.normalization_batch_size),
                                 Target::kActivation, std::move(resolved)),
                      shape,
                      {.affine = options.affine ? AffineKind::kChannel : AffineKind::kNone,
                       .across_samples = true,
                       .eps = options.eps,
                       .normalization_batch_size = options.normalization_batch_size,
                       .activation = options.activation}),
        options_(options),
        running_(options.average, shape.c, "running_sigma") {
    for (const Buffer& buffer : running_.Buffers()) AddBuffer(buffer.name, buffer.value);
  }

 private:
  Partition PartitionOf(const Shape& shape) const override {
    return {shape.c, SubBatches(shape.n, options_.normalization_batch_size), true};
  }

  SetStatistics DoStatistics() const override {
    SetStatistics statistics = SetNormalizer::DoStatistics();
    if (statistics.count == 0) return statistics;
    for (int64_t part = 0; part < parts(); ++part) {
      for (int64_t channel = 0; channel < shape().c; ++channel) {
        const auto set = static_cast<size_t>(engine().SetOf(part, channel));
        const SetArrays& arrays = engine().arrays();
        statistics.r.push_back(static_cast<double>(arrays.scale[set]) * Sigma(arrays, set));
        statistics.d.push_back(static_cast<double>(arrays.shift[set]));
      }
    }
    return statistics;
  }

  bool UsesRunning(Mode mode) const override { return mode == Mode::kEval; }

  void RunningCoefficients(SetRange channels, SetArrays* arrays) const override {
    running_.DivideBySigma(channels, arrays);
  }

  // Algorithm 1, lines 3 and 4, with the running statistics from before this update.
  void CoefficientsOf(Mode mode, SetRange sets, SetArrays* arrays) const override {
    if (mode != Mode::kTrain) {
      SetNormalizer::CoefficientsOf(mode, sets, arrays);
      return;
    }
    for (int64_t set = sets.first; set < sets.last;) {  // channels repeat with the sub-batches
      const int64_t channel = engine().GroupOf(set);
      const int64_t n = std::min(sets.last - set, shape().c - channel);
      kernels::Renormalize(set, n, options_.eps, {limits_.r_max, limits_.d_max},
                           running_.means() + channel, running_.spreads() + channel, arrays);
      set += n;
    }
  }

  // q is meant for scale = 1 / sigma; with r / sigma, x^ is r times as large in both of its places.
  void CorrectGradients(SetRange sets, SetArrays* arrays) const override {
    for (auto set = static_cast<size_t>(sets.first); set < static_cast<size_t>(sets.last); ++set) {
      const double r = static_cast<double>(arrays->scale[set]) * Sigma(*arrays, set);
      arrays->q[set] = static_cast<float>(static_cast<double>(arrays->q[set]) / (r * r));
    }
  }

  double Sigma(const SetArrays& arrays, size_t set) const {
    return std::sqrt(arrays.variance[set] + options_.eps);
  }

  void BeginUpdate() override {
    limits_ = LimitsAt(options_, running_.step());
    sigma_.resize(static_cast<size_t>(engine().sets()));
    running_.Begin(shape().n);
  }
  void UpdateChannels(SetRange channels) override {
    const SetArrays& arrays = engine().arrays();
    for (int64_t part = 0; part < parts(); ++part) {
      const int64_t first = engine().SetOf(part, channels.first);
      kernels::Deviations(arrays.variance.data() + first, channels.last - channels.first,
                          options_.eps, sigma_.data() + first);
    }
    running_.Move(channels, parts(), arrays.mean, sigma_, 1);
  }

  BatchRenormOptions options_;
  RunningStatistics running_;
  BatchRenormLimits limits_{1, 0};  // of this step
  std::vector<double> sigma_;       // of the last Forward in kTrain, per set
};

}  // namespace

std::unique_ptr<Normalizer> MakeBatchRenorm(const nlohmann::json& options, const Shape& shape,
                                            std::string* /*why_not*/) {
  OptionReader reader(options);
  const BatchRenormOptions read = ReadBatchRenormOptions(&reader);
  return std::make_unique<BatchRenorm>(read, reader.resolved(), shape);
}

}  // namespace normsweep
