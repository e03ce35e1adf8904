#include "norms/none/none_norm.h"

#include <cstring>
#include <utility>

#include "norms/native_info.h"

namespace normsweep {

NoneNormOptions ReadNoneNormOptions(OptionReader* reader) {
  reader->Finish();
  return {};
}

namespace {

class NoneNorm final : public Normalizer {
 public:
  NoneNorm(nlohmann::json resolved, const Shape& shape)
      : Normalizer(NativeInfo("none", "none", Target::kActivation, std::move(resolved)), shape) {}

  Cost ForwardCost(Mode /*mode*/) const override {
    return {2 * shape().Elements() * SizeOf(Info().data_type)};
  }
  Cost BackwardCost(Mode mode) const override { return ForwardCost(mode); }  // dy to dx

 private:
  void DoForward(Mode /*mode*/, ConstTensorView x, TensorView y) override {
    std::memmove(y.data, x.data, static_cast<size_t>(x.Bytes()));
  }
  void DoBackward(Mode /*mode*/, ConstTensorView /*x*/, ConstTensorView dy,
                  TensorView dx) override {
    std::memmove(dx.data, dy.data, static_cast<size_t>(dy.Bytes()));
  }
};

}  // namespace

std::unique_ptr<Normalizer> MakeNoneNorm(const nlohmann::json& options, const Shape& shape,
                                         std::string* /*why_not*/) {
  OptionReader reader(options);
  ReadNoneNormOptions(&reader);
  return std::make_unique<NoneNorm>(reader.resolved(), shape);
}

}  // namespace normsweep
