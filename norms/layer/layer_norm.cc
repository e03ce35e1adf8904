#include "norms/layer/layer_norm.h"

#include <array>
#include <limits>

#include "norms/set_normalizer.h"

namespace normsweep {

LayerNormOptions ReadLayerNormOptions(OptionReader* reader) {
  constexpr std::array kAffine = {"element", "channel", "none"};
  LayerNormOptions options;
  reader->Number("eps", &options.eps, 0, std::numeric_limits<double>::infinity(),
                 "added to the variance inside the root");
  reader->Choice("affine", &options.affine, kAffine,
                 "train one gamma and beta an element of a sample, one a channel, or none");
  options.activation = ReadActivation(reader);
  reader->Finish();
  return options;
}

namespace {

class LayerNorm final : public SetNormalizer {
 public:
  LayerNorm(const LayerNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : SetNormalizer(NativeInfo("layer", "layer", Target::kActivation, std::move(resolved)), shape,
                      {.affine = AffineKindOf(options.affine),
                       .eps = options.eps,
                       .activation = options.activation}) {}

 private:
  static AffineKind AffineKindOf(const std::string& affine) {
    if (affine == "none") return AffineKind::kNone;
    return affine == "channel" ? AffineKind::kChannel : AffineKind::kElement;
  }

  Partition PartitionOf(const Shape& /*shape*/) const override { return {.groups = 1}; }
};

}  // namespace

std::unique_ptr<Normalizer> MakeLayerNorm(const nlohmann::json& options, const Shape& shape,
                                          std::string* /*why_not*/) {
  OptionReader reader(options);
  const LayerNormOptions read = ReadLayerNormOptions(&reader);
  return std::make_unique<LayerNorm>(read, reader.resolved(), shape);
}

}  // namespace normsweep
