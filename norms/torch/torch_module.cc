#include "norms/torch/torch_module.h"

#include <array>
#include <string_view>

#include "norms/batch/batch_norm.h"
#include "norms/group/group_norm.h"
#include "norms/instance/instance_norm.h"
#include "norms/layer/layer_norm.h"
#include "norms/torch/operators.h"
#include "norms/weight/weight_norm.h"

namespace normsweep::torch_backend {
namespace {

using Made = std::unique_ptr<Normalizer>;

AffineKind ChannelOrNone(bool affine) { return affine ? AffineKind::kChannel : AffineKind::kNone; }

// Why torch's operators cannot keep these running statistics; null where they can.
const char* CannotAverage(const RunningAverageOptions& average) {
  if (average.horizon) return "torch's momentum does not depend on the samples: it has no horizon";
  if (!average.momentum) return "torch's operators take a number for momentum, not null";
  return nullptr;
}

// Torch's momentum weighs the new value.
double Momentum(const RunningAverageOptions& average) {
  const double given = average.momentum.value_or(0);
  return average.momentum_weights == "new" ? given : 1 - given;
}

const char* CannotBatch(const BatchNormOptions& options) {
  if (options.center_only) return "torch's batch normalization always divides by the deviation";
  if (options.normalization_batch_size) return "torch's batch normalization has no sub-batches";
  if (!options.track_running_stats) return nullptr;
  if (!options.unbiased_running_variance) return "torch's running variance is the unbiased one";
  return CannotAverage(options.average);
}

Made MakeBatch(OptionReader* reader, const Shape& shape, std::string* why_not) {
  const BatchNormOptions options = ReadBatchNormOptions(reader);
  if (const char* cannot = CannotBatch(options)) {
    *why_not = cannot;
    return nullptr;
  }
  return MakeChannelNorm({false, options.track_running_stats, Momentum(options.average)},
                         {ChannelOrNone(options.affine), options.eps}, reader->resolved(), shape);
}

Made MakeInstance(OptionReader* reader, const Shape& shape, std::string* why_not) {
  const InstanceNormOptions options = ReadInstanceNormOptions(reader);
  const char* cannot = CannotAverage(options.average);
  if (options.track_running_stats && cannot != nullptr) {
    *why_not = cannot;
    return nullptr;
  }
  return MakeChannelNorm({true, options.track_running_stats, Momentum(options.average)},
                         {ChannelOrNone(options.affine), options.eps}, reader->resolved(), shape);
}

Made MakeLayer(OptionReader* reader, const Shape& shape, std::string* why_not) {
  const LayerNormOptions options = ReadLayerNormOptions(reader);
  if (options.affine == "channel" && shape.s > 1) {  // with S = 1 a channel is an element
    *why_not = "torch's layer normalization has one gamma an element, not one a channel";
    return nullptr;
  }
  const AffineKind affine = options.affine == "none" ? AffineKind::kNone : AffineKind::kElement;
  return MakeLayerNorm({affine, options.eps}, reader->resolved(), shape);
}

Made MakeGroup(OptionReader* reader, const Shape& shape, std::string* /*why_not*/) {
  const GroupNormOptions options = ReadGroupNormOptions(reader);
  CheckGroups(options.groups, shape.c);
  return MakeGroupNorm(options.groups, {ChannelOrNone(options.affine), options.eps},
                       reader->resolved(), shape);
}

Made MakeWeight(OptionReader* reader, const Shape& shape, std::string* why_not) {
  if (ReadWeightNormOptions(reader).eps != 0) {
    *why_not = "torch's weight normalization has no eps";
    return nullptr;
  }
  return MakeWeightNorm(reader->resolved(), shape);
}

struct Row {
  std::string_view name;
  Made (*make)(OptionReader* reader, const Shape& shape, std::string* why_not);
};
constexpr std::array kRows = {Row{"batch", MakeBatch}, Row{"layer", MakeLayer},
                              Row{"instance", MakeInstance}, Row{"group", MakeGroup},
                              Row{"weight", MakeWeight}};

Made MakeNamed(std::string_view name, const nlohmann::json& options, const Shape& shape,
               std::string* why_not) {
  for (const Row& row : kRows) {
    if (name != row.name) continue;
    OptionReader reader(options);
    Made made = row.make(&reader, shape, why_not);
    if (made == nullptr || reader.resolved().value("activation", "none") == "none") return made;
    *why_not = "torch has no fused activation";
    return nullptr;
  }
  *why_not = "unknown to the torch module";
  return nullptr;
}

}  // namespace
}  // namespace normsweep::torch_backend

normsweep::Normalizer* NormsweepMakeTorch(const char* name, const nlohmann::json& options,
                                          const normsweep::Shape& shape, std::string* why_not) {
  return normsweep::torch_backend::MakeNamed(name, options, shape, why_not).release();
}
