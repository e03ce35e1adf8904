#include "harness/nn/slot.h"

#include <algorithm>

#include "norms/errors.h"

namespace normsweep {
namespace {

Target TargetOf(const std::string& name) {
  const auto kinds = NormalizerKinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const NormalizerKind& k) { return name == k.name; });
  if (kind != kinds.end()) return kind->target;
  std::string names;
  for (const NormalizerKind& k : kinds) names += std::string(names.empty() ? "" : ", ") + k.name;
  throw UnknownNameError("normalizer \"" + name + "\", expected one of " + names);
}

}  // namespace

Slot::Slot(const NormalizerSpec& spec, const NetworkConfig& network)
    : spec_(spec),
      after_activation_(network.normalizer_after_activation),
      relu_(network.activation == ActivationKind::kRelu),
      noise_(network.noise.has_value()),
      on_activation_(spec.name != "none" && TargetOf(spec.name) == Target::kActivation),
      wraps_weight_(TargetOf(spec.name) == Target::kWeight) {
  // One gamma a channel, as for the others: convolutional networks share it over the positions.
  if (spec_.name == "layer" && !spec_.options.contains("affine")) {
    spec_.options["affine"] = "channel";
  }
  if (spec_.name == "weight") ReadMeanOnlyBatch();
}

void Slot::ReadMeanOnlyBatch() {
  nlohmann::json& options = spec_.options;
  const auto key = options.find("mean_only_batch");
  if (key == options.end()) return;
  if (!key->is_boolean()) {
    throw OptionError("/mean_only_batch", key->dump() + ", expected true or false");
  }
  const bool wanted = key->get<bool>();
  options.erase(key);
  if (!wanted) return;
  mean_only_batch_ = NormalizerSpec{"batch", spec_.backend, {{"center_only", true}}};
  const char* const size = "normalization_batch_size";
  if (options.contains(size)) mean_only_batch_->options[size] = options[size];
  options.erase(size);
  on_activation_ = true;
  after_activation_ = false;
}

std::unique_ptr<Normalizer> Slot::Make(const NormalizerSpec& spec, const Shape& shape) {
  std::string why_not;
  auto normalizer = Create(spec, shape, &why_not);
  if (normalizer == nullptr) throw ValueError(spec.backend + " " + spec.name + ": " + why_not);
  if (normalizer->Info().data_type != DataType::kFloat32) {
    throw ValueError("backend \"" + spec.backend + "\" computes in " +
                     Name(normalizer->Info().data_type) + ", training needs float32");
  }
  return normalizer;
}

std::unique_ptr<Normalizer> Slot::MakeForActivation(const FeatureShape& shape,
                                                    bool activate) const {
  NormalizerSpec spec = mean_only_batch_.value_or(spec_);
  if (activate && FusesActivation()) spec.options["activation"] = "relu";
  return Make(spec, {1, shape.channels, shape.Spatial(), Layout::kChannelsLast});
}

std::unique_ptr<Normalizer> Slot::MakeForWeight(const Shape& weight) const {
  return Make(spec_, weight);
}

}  // namespace normsweep
