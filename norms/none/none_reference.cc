// The float64 reference of none_norm.h: z = x, dL/dx = dL/dz.
#include <algorithm>

#include "norms/none/none_norm.h"
#include "norms/reference/reference.h"

namespace normsweep {
namespace {

class NoneNormReference final : public reference::ReferenceNormalizer {
 public:
  NoneNormReference(const NoneNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : ReferenceNormalizer("none", "none", Target::kActivation, std::move(resolved), shape,
                            options.activation) {}

 protected:
  void DoForward(Mode /*mode*/, ConstTensorView x, TensorView y) override {
    for (int64_t i = 0; i < shape().Elements(); ++i) {
      y.As<double>()[i] = Activate(i, x.As<double>()[i]);
    }
    Measured({});
  }
  void DoBackward(Mode /*mode*/, ConstTensorView /*x*/, ConstTensorView dy,
                  TensorView dx) override {
    const std::vector<double> dz = BackThroughActivation(dy);
    std::copy(dz.begin(), dz.end(), dx.As<double>());
  }
};

}  // namespace

std::unique_ptr<Normalizer> MakeNoneNormReference(const nlohmann::json& options, const Shape& shape,
                                                  std::string* /*why_not*/) {
  OptionReader reader(options);
  const NoneNormOptions read = ReadNoneNormOptions(&reader);
  return std::make_unique<NoneNormReference>(read, reader.resolved(), shape);
}

}  // namespace normsweep
