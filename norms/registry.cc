#include "norms/registry.h"

#include <algorithm>
#include <array>

#include "norms/batch/batch_norm.h"
#include "norms/batch_renorm/batch_renorm_norm.h"
#include "norms/errors.h"
#include "norms/group/group_norm.h"
#include "norms/instance/instance_norm.h"
#include "norms/layer/layer_norm.h"
#include "norms/none/none_norm.h"
#include "norms/onednn/onednn_norm.h"
#include "norms/spectral/spectral_norm.h"
#include "norms/torch/torch_norm.h"
#include "norms/weight/weight_norm.h"

namespace normsweep {
namespace {

constexpr std::array kBackends = {"native", "reference", "onednn", "onednn_composite", "torch"};

template <auto kRead>
std::vector<OptionHelp> HelpOf(const nlohmann::json& options) {
  OptionReader reader(options);
  kRead(&reader);
  return reader.help();
}

constexpr Target kActivation = Target::kActivation;
constexpr Target kWeight = Target::kWeight;

const std::array kKinds = {
    NormalizerKind{"none", "", "y = x", kActivation, HelpOf<ReadNoneNormOptions>},
    NormalizerKind{"batch", "1502.03167", "over the samples of a channel", kActivation,
                   HelpOf<ReadBatchNormOptions>},
    NormalizerKind{"batch_renorm", "1702.03275", "batch, corrected towards running statistics",
                   kActivation, HelpOf<ReadBatchRenormOptions>},
    NormalizerKind{"layer", "1607.06450", "over a sample", kActivation,
                   HelpOf<ReadLayerNormOptions>},
    NormalizerKind{"instance", "1607.08022", "over one channel of a sample", kActivation,
                   HelpOf<ReadInstanceNormOptions>},
    NormalizerKind{"group", "1803.08494", "over a group of channels of a sample", kActivation,
                   HelpOf<ReadGroupNormOptions>},
    NormalizerKind{"weight", "1602.07868", "w = g v / ||v|| per output unit", kWeight,
                   HelpOf<ReadWeightNormOptions>},
    NormalizerKind{"spectral", "1802.05957", "w / its largest singular value", kWeight,
                   HelpOf<ReadSpectralNormOptions>},
};

constexpr const char* kComposite =
    "oneDNN 2.6 has no primitive of its own for it: see backend onednn_composite";
constexpr const char* kOwn = "has a primitive of its own: see backend onednn";
constexpr const char* kNotComposite = "cannot be expressed by oneDNN's batch normalization";

template <auto kFactory>
constexpr RegistryRow TorchRow(const char* name) {
  if constexpr (NORMSWEEP_HAS_TORCH) {
    return {name, "torch", kFactory, nullptr};
  } else {
    return {name, "torch", nullptr, "built without libtorch"};
  }
}

constexpr std::array kRows = {
    RegistryRow{"none", "native", MakeNoneNorm, nullptr},
    RegistryRow{"batch", "native", MakeBatchNorm, nullptr},
    RegistryRow{"batch_renorm", "native", MakeBatchRenorm, nullptr},
    RegistryRow{"layer", "native", MakeLayerNorm, nullptr},
    RegistryRow{"instance", "native", MakeInstanceNorm, nullptr},
    RegistryRow{"group", "native", MakeGroupNorm, nullptr},
    RegistryRow{"weight", "native", MakeWeightNorm, nullptr},
    RegistryRow{"spectral", "native", MakeSpectralNorm, nullptr},

    RegistryRow{"none", "reference", MakeNoneNormReference, nullptr},
    RegistryRow{"batch", "reference", MakeBatchNormReference, nullptr},
    RegistryRow{"batch_renorm", "reference", MakeBatchRenormReference, nullptr},
    RegistryRow{"layer", "reference", MakeLayerNormReference, nullptr},
    RegistryRow{"instance", "reference", MakeInstanceNormReference, nullptr},
    RegistryRow{"group", "reference", MakeGroupNormReference, nullptr},
    RegistryRow{"weight", "reference", MakeWeightNormReference, nullptr},
    RegistryRow{"spectral", "reference", MakeSpectralNormReference, nullptr},

    RegistryRow{"none", "onednn", nullptr, "no normalization is no primitive of oneDNN"},
    RegistryRow{"batch", "onednn", MakeOnednnBatch, nullptr},
    RegistryRow{"batch_renorm", "onednn", nullptr, "oneDNN has no batch renormalization"},
    RegistryRow{"layer", "onednn", MakeOnednnLayer, nullptr},
    RegistryRow{"instance", "onednn", nullptr, kComposite},
    RegistryRow{"group", "onednn", nullptr, kComposite},
    RegistryRow{"weight", "onednn", nullptr, "oneDNN has no weight normalization"},
    RegistryRow{"spectral", "onednn", nullptr, "oneDNN has no spectral normalization"},

    RegistryRow{"none", "onednn_composite", nullptr, kNotComposite},
    RegistryRow{"batch", "onednn_composite", nullptr, kOwn},
    RegistryRow{"batch_renorm", "onednn_composite", nullptr, kNotComposite},
    RegistryRow{"layer", "onednn_composite", MakeOnednnCompositeLayer, nullptr},
    RegistryRow{"instance", "onednn_composite", MakeOnednnCompositeInstance, nullptr},
    RegistryRow{"group", "onednn_composite", MakeOnednnCompositeGroup, nullptr},
    RegistryRow{"weight", "onednn_composite", nullptr, kNotComposite},
    RegistryRow{"spectral", "onednn_composite", nullptr, kNotComposite},

    RegistryRow{"none", "torch", nullptr, "no normalization is no operator of libtorch"},
    TorchRow<MakeTorchBatch>("batch"),
    RegistryRow{"batch_renorm", "torch", nullptr, "libtorch has no batch renormalization"},
    TorchRow<MakeTorchLayer>("layer"),
    TorchRow<MakeTorchInstance>("instance"),
    TorchRow<MakeTorchGroup>("group"),
    TorchRow<MakeTorchWeight>("weight"),
    RegistryRow{"spectral", "torch", nullptr,
                "libtorch has no operator of it: PyTorch's is written in Python"},
};

const NormalizerKind& FindKind(const std::string& name) {
  for (const NormalizerKind& kind : kKinds) {
    if (name == kind.name) return kind;
  }
  throw UnknownNameError("unknown normalizer \"" + name + "\", expected one of" +
                         QuotedNames(kKinds, &NormalizerKind::name));
}

}  // namespace

std::span<const RegistryRow> Registry() { return kRows; }
std::span<const NormalizerKind> NormalizerKinds() { return kKinds; }
std::span<const char* const> Backends() { return kBackends; }

void CheckOptions(const std::string& name, const nlohmann::json& options) {
  FindKind(name).options(options);
}

std::unique_ptr<Normalizer> Create(const NormalizerSpec& spec, const Shape& shape,
                                   std::string* why_not) {
  CheckShape(shape);
  std::string ignored;
  std::string* reason = why_not == nullptr ? &ignored : why_not;
  FindKind(spec.name);
  for (const RegistryRow& row : kRows) {
    if (spec.name != row.name || spec.backend != row.backend) continue;
    if (row.factory != nullptr) return row.factory(spec.options, shape, reason);
    *reason = row.why_not;
    return nullptr;
  }
  throw UnknownNameError("unknown backend \"" + spec.backend + "\", expected one of" +
                         QuotedNames(kBackends));
}

}  // namespace normsweep
