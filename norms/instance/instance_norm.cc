#include "norms/instance/instance_norm.h"

#include <limits>

#include "norms/set_normalizer.h"

namespace normsweep {

InstanceNormOptions ReadInstanceNormOptions(OptionReader* reader) {
  InstanceNormOptions options;
  reader->Number("eps", &options.eps, 0, std::numeric_limits<double>::infinity(),
                 "added to the variance inside the root");
  reader->Boolean("affine", &options.affine, "train gamma and beta, one of each a channel");
  reader->Boolean("track_running_stats", &options.track_running_stats,
                  "keep running statistics and use them in eval mode");
  ReadRunningAverage(reader, &options.average);
  options.activation = ReadActivation(reader);
  reader->Finish();
  return options;
}

namespace {

class InstanceNorm final : public SetNormalizer {
 public:
  InstanceNorm(const InstanceNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : SetNormalizer(NativeInfo("instance", "instance", Target::kActivation, std::move(resolved)),
                      shape,
                      {.affine = options.affine ? AffineKind::kChannel : AffineKind::kNone,
                       .eps = options.eps,
                       .activation = options.activation}),
        options_(options),
        running_(options.average, shape.c, "running_var") {
    if (!options.track_running_stats) return;
    for (const Buffer& buffer : running_.Buffers()) AddBuffer(buffer.name, buffer.value);
  }

 private:
  Partition PartitionOf(const Shape& shape) const override { return {.groups = shape.c}; }

  bool UsesRunning(Mode mode) const override {
    return mode == Mode::kEval && options_.track_running_stats;
  }

  void RunningCoefficients(SetRange channels, SetArrays* arrays) const override {
    running_.Standardize(options_.eps, channels, arrays);
  }

  void BeginUpdate() override {
    if (options_.track_running_stats) running_.Begin(shape().n);
  }
  void UpdateChannels(SetRange channels) override {
    if (!options_.track_running_stats) return;
    MoveAverages(&running_, channels, Unbiased(engine().count()));
  }

  InstanceNormOptions options_;
  RunningStatistics running_;
};

}  // namespace

std::unique_ptr<Normalizer> MakeInstanceNorm(const nlohmann::json& options, const Shape& shape,
                                             std::string* /*why_not*/) {
  OptionReader reader(options);
  const InstanceNormOptions read = ReadInstanceNormOptions(&reader);
  return std::make_unique<InstanceNorm>(read, reader.resolved(), shape);
}

}  // namespace normsweep
