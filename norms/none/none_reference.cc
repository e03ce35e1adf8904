// The float64 reference of none_norm.h: y = x, dL/dx = dL/dy.
#include "norms/none/none_norm.h"
#include "norms/reference/reference.h"

namespace normsweep {
namespace {

void Copy(const ConstTensorView& from, const TensorView& to) {
  for (int64_t i = 0; i < from.shape.Elements(); ++i) to.As<double>()[i] = from.As<double>()[i];
}

class NoneNormReference final : public reference::ReferenceNormalizer {
 public:
  NoneNormReference(nlohmann::json resolved, const Shape& shape)
      : ReferenceNormalizer("none", "none", Target::kActivation, std::move(resolved), shape) {}

 protected:
  void DoForward(Mode /*mode*/, ConstTensorView x, TensorView y) override {
    Copy(x, y);
    Measured({});
  }
  void DoBackward(Mode /*mode*/, ConstTensorView /*x*/, ConstTensorView dy,
                  TensorView dx) override {
    Copy(dy, dx);
  }
};

}  // namespace

std::unique_ptr<Normalizer> MakeNoneNormReference(const nlohmann::json& options, const Shape& shape,
                                                  std::string* /*why_not*/) {
  OptionReader reader(options);
  ReadNoneNormOptions(&reader);
  return std::make_unique<NoneNormReference>(reader.resolved(), shape);
}

}  // namespace normsweep
