#include "norms/onednn/onednn_norm.h"

#include <cmath>
#include <utility>

#include "norms/batch/batch_norm.h"
#include "norms/errors.h"
#include "norms/group/group_norm.h"
#include "norms/instance/instance_norm.h"
#include "norms/layer/layer_norm.h"
#include "norms/onednn/adapter.h"
#include "norms/sets.h"

namespace normsweep {
namespace {

using onednn::Adapter;
using onednn::AdapterOptions;
using onednn::Sets;

AffineKind ChannelOrNone(bool affine) { return affine ? AffineKind::kChannel : AffineKind::kNone; }

NormalizerInfo Info(std::string name, std::string label, bool composite, nlohmann::json resolved) {
  NormalizerInfo info;
  info.name = std::move(name);
  info.backend = composite ? "onednn_composite" : "onednn";
  info.label = std::move(label);
  info.composite = composite;
  info.options = std::move(resolved);
  return info;
}

std::unique_ptr<Normalizer> MakeLayer(const nlohmann::json& options, const Shape& shape,
                                      bool through_batch) {
  OptionReader reader(options);
  const LayerNormOptions read = ReadLayerNormOptions(&reader);
  AdapterOptions adapter;
  adapter.sets = Sets::kSample;
  adapter.eps = read.eps;
  adapter.affine =
      read.affine == "element" ? AffineKind::kElement : ChannelOrNone(read.affine == "channel");
  adapter.layer_primitive = !through_batch;
  // The primitive's gamma is one an element; one a channel is the same thing where S = 1.
  const bool own_affine = adapter.affine == AffineKind::kElement ||
                          (adapter.affine == AffineKind::kChannel && shape.s == 1);
  adapter.primitive_affine = !through_batch && own_affine;
  adapter.activation = read.activation;
  const bool composite = through_batch || (adapter.affine != AffineKind::kNone && !own_affine) ||
                         read.activation != Activation::kNone;
  NormalizerInfo info = Info("layer", "layer", composite, reader.resolved());
  info.backend = through_batch ? "onednn_composite" : "onednn";
  return std::make_unique<Adapter>(std::move(info), shape, adapter);
}

}  // namespace

std::unique_ptr<Normalizer> MakeOnednnBatch(const nlohmann::json& options, const Shape& shape,
                                            std::string* why_not) {
  OptionReader reader(options);
  const BatchNormOptions read = ReadBatchNormOptions(&reader);
  if (read.center_only) {
    *why_not = "oneDNN's batch normalization always divides by the deviation";
    return nullptr;
  }
  AdapterOptions adapter;
  adapter.sets = Sets::kChannel;
  adapter.eps = read.eps;
  adapter.affine = ChannelOrNone(read.affine);
  adapter.primitive_affine = read.affine;
  adapter.activation = read.activation;
  adapter.primitive_activation = true;
  adapter.normalization_batch_size = read.normalization_batch_size;
  adapter.track_running_stats = read.track_running_stats;
  adapter.average = read.average;
  adapter.unbiased_running_variance = read.unbiased_running_variance;
  return std::make_unique<Adapter>(
      Info("batch", SubBatchLabel("batch", read.normalization_batch_size), false,
           reader.resolved()),
      shape, adapter);
}

std::unique_ptr<Normalizer> MakeOnednnLayer(const nlohmann::json& options, const Shape& shape,
                                            std::string* /*why_not*/) {
  return MakeLayer(options, shape, false);
}

std::unique_ptr<Normalizer> MakeOnednnCompositeLayer(const nlohmann::json& options,
                                                     const Shape& shape, std::string* /*why_not*/) {
  return MakeLayer(options, shape, true);
}

std::unique_ptr<Normalizer> MakeOnednnCompositeInstance(const nlohmann::json& options,
                                                        const Shape& shape,
                                                        std::string* /*why_not*/) {
  OptionReader reader(options);
  const InstanceNormOptions read = ReadInstanceNormOptions(&reader);
  AdapterOptions adapter;
  adapter.sets = Sets::kGroup;
  adapter.groups = shape.c;
  adapter.eps = read.eps;
  adapter.affine = ChannelOrNone(read.affine);
  adapter.activation = read.activation;
  adapter.track_running_stats = read.track_running_stats;
  adapter.average = read.average;
  return std::make_unique<Adapter>(Info("instance", "instance", true, reader.resolved()), shape,
                                   adapter);
}

std::unique_ptr<Normalizer> MakeOnednnCompositeGroup(const nlohmann::json& options,
                                                     const Shape& shape, std::string* /*why_not*/) {
  OptionReader reader(options);
  const GroupNormOptions read = ReadGroupNormOptions(&reader);
  CheckGroups(read.groups, shape.c);
  AdapterOptions adapter;
  adapter.sets = Sets::kGroup;
  adapter.groups = read.groups;
  adapter.eps = read.eps;
  adapter.affine = ChannelOrNone(read.affine);
  adapter.activation = read.activation;
  return std::make_unique<Adapter>(
      Info("group", "group(" + std::to_string(read.groups) + ")", true, reader.resolved()), shape,
      adapter);
}

}  // namespace normsweep
