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
#include "norms/spectral/spectral_norm.h"
#include "norms/weight/weight_norm.h"

namespace normsweep {
namespace {

constexpr std::array kBackends = {"native", "reference", "onednn"};

template <auto kRead>
std::vector<OptionHelp> HelpOf() {
  const nlohmann::json none = nlohmann::json::object();
  OptionReader reader(none);
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

const std::array<RegistryRow, 0> kRows = {};

}  // namespace

std::span<const RegistryRow> Registry() { return kRows; }
std::span<const NormalizerKind> NormalizerKinds() { return kKinds; }
std::span<const char* const> Backends() { return kBackends; }

std::unique_ptr<Normalizer> Create(const NormalizerSpec& spec, const Shape& shape,
                                   std::string* why_not) {
  CheckShape(shape);
  std::string ignored;
  std::string* reason = why_not == nullptr ? &ignored : why_not;
  std::string names;
  bool known = false;
  for (const NormalizerKind& kind : kKinds) {
    names += std::string(" \"") + kind.name + "\"";
    known = known || spec.name == kind.name;
  }
  if (!known) {
    throw UnknownNameError("unknown normalizer \"" + spec.name + "\", expected one of" + names);
  }
  for (const RegistryRow& row : kRows) {
    if (spec.name != row.name || spec.backend != row.backend) continue;
    if (row.factory != nullptr) return row.factory(spec.options, shape, reason);
    *reason = row.why_not;
    return nullptr;
  }
  std::string backends;
  for (const char* backend : kBackends) backends += std::string(" \"") + backend + "\"";
  throw UnknownNameError("unknown backend \"" + spec.backend + "\", expected one of" + backends);
}

}  // namespace normsweep
