#include "norms/group/group_norm.h"

#include <limits>

#include "norms/errors.h"
#include "norms/set_normalizer.h"

namespace normsweep {

GroupNormOptions ReadGroupNormOptions(OptionReader* reader) {
  GroupNormOptions options;
  reader->Number("eps", &options.eps, 0, std::numeric_limits<double>::infinity(),
                 "added to the variance inside the root");
  reader->Integer("groups", &options.groups, 1, "groups of channels; must divide the channels");
  reader->Boolean("affine", &options.affine, "train gamma and beta, one of each a channel");
  options.activation = ReadActivation(reader);
  reader->Finish();
  return options;
}

void CheckGroups(int64_t groups, int64_t channels) {
  if (channels % groups == 0) return;
  throw OptionError("/groups", std::to_string(groups) + " groups of " + std::to_string(channels) +
                                   " channels, expected a divisor of the channels");
}

namespace {

class GroupNorm final : public SetNormalizer {
 public:
  GroupNorm(const GroupNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : SetNormalizer(NativeInfo("group", "group(" + std::to_string(options.groups) + ")",
                                 Target::kActivation, std::move(resolved)),
                      shape,
                      {.affine = options.affine ? AffineKind::kChannel : AffineKind::kNone,
                       .eps = options.eps,
                       .activation = options.activation}),
        groups_(options.groups) {}

 private:
  Partition PartitionOf(const Shape& /*shape*/) const override { return {.groups = groups_}; }

  int64_t groups_;
};

}  // namespace

std::unique_ptr<Normalizer> MakeGroupNorm(const nlohmann::json& options, const Shape& shape,
                                          std::string* /*why_not*/) {
  OptionReader reader(options);
  const GroupNormOptions read = ReadGroupNormOptions(&reader);
  CheckGroups(read.groups, shape.c);
  return std::make_unique<GroupNorm>(read, reader.resolved(), shape);
}

}  // namespace normsweep
