#include "norms/batch_renorm/batch_renorm_norm.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "norms/dialect.h"
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
                       .normalization_batch_size = options.normalization_batch_size}),
        options_(options),
        running_(options.average, shape.c, "running_sigma") {
    for (const Buffer& buffer : running_.Buffers()) AddBuffer(buffer.name, buffer.value);
  }

 private:
  struct Correction {
    double r = 1;
    double d = 0;
  };

  Partition PartitionOf(const Shape& shape) const override {
    return {shape.c, SubBatches(shape.n, options_.normalization_batch_size), true};
  }

  SetStatistics DoStatistics() const override {
    SetStatistics statistics = SetNormalizer::DoStatistics();
    if (statistics.count == 0) return statistics;
    for (int64_t part = 0; part < parts(); ++part) {
      for (int64_t channel = 0; channel < shape().c; ++channel) {
        const auto set = static_cast<size_t>(engine().SetOf(part, channel));
        const SetCoefficients& applied = engine().coefficients()[set];
        const double k = InverseDeviation(engine().moments()[set]);
        statistics.r.push_back(static_cast<double>(applied.scale) / k);
        statistics.d.push_back(static_cast<double>(applied.shift));
      }
    }
    return statistics;
  }

  bool UsesRunning(Mode mode) const override { return mode == Mode::kEval; }

  SetCoefficients RunningCoefficients(int64_t channel) const override {
    return SetCoefficients::From(running_.mean(channel), 1 / running_.spread(channel), 0);
  }

  SetCoefficients CoefficientsOf(Mode mode, int64_t set, const SetMoments& moments) const override {
    const Correction correction =
        mode == Mode::kTrain ? CorrectionOf(engine().GroupOf(set), moments) : Correction{};
    return SetCoefficients::From(moments.mean, InverseDeviation(moments) * correction.r,
                                 correction.d);
  }

  // Algorithm 1, lines 3 and 4, with the running statistics from before this update.
  Correction CorrectionOf(int64_t channel, const SetMoments& moments) const {
    const BatchRenormLimits limits = LimitsAt(options_, running_.step());
    const double sigma = std::sqrt(moments.variance + options_.eps);
    const double running_sigma = running_.spread(channel);
    return {std::clamp(sigma / running_sigma, 1 / limits.r_max, limits.r_max),
            std::clamp((moments.mean - running_.mean(channel)) / running_sigma, -limits.d_max,
                       limits.d_max)};
  }

  void Update() override {
    MoveAverages(&running_, [this](double variance) { return std::sqrt(variance + options_.eps); });
  }

  BatchRenormOptions options_;
  RunningStatistics running_;
};

}  // namespace

std::unique_ptr<Normalizer> MakeBatchRenorm(const nlohmann::json& options, const Shape& shape,
                                            std::string* /*why_not*/) {
  OptionReader reader(options);
  const BatchRenormOptions read = ReadBatchRenormOptions(&reader);
  return std::make_unique<BatchRenorm>(read, reader.resolved(), shape);
}

}  // namespace normsweep
