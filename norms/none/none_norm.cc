#include "norms/none/none_norm.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "norms/native_info.h"

namespace normsweep {

NoneNormOptions ReadNoneNormOptions(OptionReader* reader) {
  NoneNormOptions options;
  options.activation = ReadActivation(reader);
  reader->Finish();
  return options;
}

namespace {

class NoneNorm final : public Normalizer {
 public:
  NoneNorm(const NoneNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : Normalizer(NativeInfo("none", "none", Target::kActivation, std::move(resolved)), shape),
        options_(options) {}

  Cost ForwardCost(Mode /*mode*/) const override {
    return {2 * shape().Elements() * SizeOf(Info().data_type)};
  }
  // dy to dx; relu needs x for its mask.
  Cost BackwardCost(Mode /*mode*/) const override {
    const int64_t tensors = options_.activation == Activation::kRelu ? 3 : 2;
    return {tensors * shape().Elements() * SizeOf(Info().data_type)};
  }

 private:
  void DoForward(Mode /*mode*/, ConstTensorView x, TensorView y) override {
    if (options_.activation == Activation::kNone) {
      std::memmove(y.data, x.data, static_cast<size_t>(x.Bytes()));
      return;
    }
    const float* in = x.As<float>();
    std::transform(in, in + x.shape.Elements(), y.As<float>(), Relu<float>);
  }
  void DoBackward(Mode /*mode*/, ConstTensorView x, ConstTensorView dy, TensorView dx) override {
    if (options_.activation == Activation::kNone) {
      std::memmove(dx.data, dy.data, static_cast<size_t>(dy.Bytes()));
      return;
    }
    const float* in = x.As<float>();
    std::transform(in, in + x.shape.Elements(), dy.As<float>(), dx.As<float>(),
                   ReluGradient<float>);
  }

  NoneNormOptions options_;
};

}  // namespace

std::unique_ptr<Normalizer> MakeNoneNorm(const nlohmann::json& options, const Shape& shape,
                                         std::string* /*why_not*/) {
  OptionReader reader(options);
  const NoneNormOptions read = ReadNoneNormOptions(&reader);
  return std::make_unique<NoneNorm>(read, reader.resolved(), shape);
}

}  // namespace normsweep
