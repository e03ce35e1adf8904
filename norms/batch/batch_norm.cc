#include "norms/batch/batch_norm.h"

#include <array>
#include <limits>

#include "norms/dialect.h"
#include "norms/set_normalizer.h"

namespace normsweep {

BatchNormOptions ReadBatchNormOptions(OptionReader* reader) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr std::array kVariances = {"unbiased", "biased"};
  const Dialect& dialect = ReadDialect(reader, "pytorch");
  BatchNormOptions options;
  options.eps = dialect.eps;
  options.average.momentum = dialect.momentum;
  options.average.momentum_weights = dialect.momentum_weights;
  std::string running_variance = dialect.running_variance;
  reader->Number("eps", &options.eps, 0, kInfinity, "added to the variance inside the root");
  reader->Boolean("affine", &options.affine, "train gamma and beta, one of each a channel");
  reader->Boolean("track_running_stats", &options.track_running_stats,
                  "keep running statistics and use them in eval mode");
  ReadRunningAverage(reader, &options.average);
  reader->Choice("running_variance", &running_variance, kVariances,
                 "variance that the running average takes in");
  reader->Integer("normalization_batch_size", &options.normalization_batch_size, 1,
                  "samples that share statistics; null: all of the batch");
  reader->Boolean("center_only", &options.center_only,
                  "subtract the mean only (mean-only batch norm, 1602.07868 section 4)");
  options.activation = ReadActivation(reader);
  reader->Finish();
  options.unbiased_running_variance = running_variance == "unbiased";
  return options;
}

namespace {

class BatchNorm final : public SetNormalizer {
 public:
  BatchNorm(const BatchNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : SetNormalizer(NativeInfo("batch", SubBatchLabel("batch", options.normalization_batch_size),
                                 Target::kActivation, std::move(resolved)),
                      shape,
                      {.affine = options.affine ? AffineKind::kChannel : AffineKind::kNone,
                       .across_samples = true,
                       .scale = !options.center_only,
                       .eps = options.eps,
                       .normalization_batch_size = options.normalization_batch_size,
                       .activation = options.activation}),
        options_(options),
        running_(options.average, shape.c, options.center_only ? "" : "running_var") {
    if (!options.track_running_stats) return;
    for (const Buffer& buffer : running_.Buffers()) AddBuffer(buffer.name, buffer.value);
  }

 private:
  Partition PartitionOf(const Shape& shape) const override {
    return {shape.c, SubBatches(shape.n, options_.normalization_batch_size), true};
  }

  bool UsesRunning(Mode mode) const override {
    return mode == Mode::kEval && options_.track_running_stats;
  }

  void RunningCoefficients(SetRange channels, SetArrays* arrays) const override {
    options_.center_only ? running_.Center(channels, arrays)
                         : running_.Standardize(options_.eps, channels, arrays);
  }

  void BeginUpdate() override {
    if (options_.track_running_stats) running_.Begin(shape().n);
  }
  void UpdateChannels(SetRange channels) override {
    if (!options_.track_running_stats) return;
    MoveAverages(&running_, channels,
                 options_.unbiased_running_variance ? Unbiased(engine().count()) : 1.0);
  }

  BatchNormOptions options_;
  RunningStatistics running_;
};

}  // namespace

std::unique_ptr<Normalizer> MakeBatchNorm(const nlohmann::json& options, const Shape& shape,
                                          std::string* /*why_not*/) {
  OptionReader reader(options);
  const BatchNormOptions read = ReadBatchNormOptions(&reader);
  return std::make_unique<BatchNorm>(read, reader.resolved(), shape);
}

}  // namespace normsweep
