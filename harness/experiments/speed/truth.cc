#include "harness/experiments/speed/truth.h"

#include <algorithm>
#include <limits>

#include "harness/experiments/check/scales.h"

namespace normsweep {
namespace {

std::vector<double> Widen(std::span<const float> values) { return {values.begin(), values.end()}; }

std::vector<double> Values(const TensorView& view) {
  std::vector<double> values(static_cast<size_t>(view.shape.Elements()));
  for (size_t i = 0; i < values.size(); ++i) values[i] = Get(view, static_cast<int64_t>(i));
  return values;
}

// Running statistics need one training step; two samples make it cheap, but sub-batches need all.
Shape WarmUpShape(const Normalizer& reference, const Shape& shape) {
  Shape small = shape;
  const auto sub_batches = reference.Info().options.find("normalization_batch_size");
  const bool split = sub_batches != reference.Info().options.end() && !sub_batches->is_null();
  if (reference.target() == Target::kActivation && !split) small.n = std::min<int64_t>(shape.n, 2);
  return small;
}

}  // namespace

// Both types then hold the same state: a float32 value is a float64 value.
void Truth::TakeStart(Normalizer* reference, const std::vector<double>& x) {
  const Shape shape = reference->shape();
  reference->Init({x.data(), shape}, 1);
  DrawParameters(reference, false);
  for (const Parameter& parameter : reference->Parameters()) {
    start_.parameters.emplace_back(parameter.name, Values(parameter.value));
  }
  if (reference->Buffers().empty()) return;
  const Shape small = WarmUpShape(*reference, shape);
  std::vector<double> y(static_cast<size_t>(small.Elements()));
  reference->Forward(Mode::kTrain, {x.data(), small}, {y.data(), small});
  for (const Buffer& buffer : reference->Buffers()) {
    std::vector<double> values = Values(buffer.value);
    for (size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<double>(static_cast<float>(values[i]));
      Set(buffer.value, static_cast<int64_t>(i), values[i]);
    }
    start_.buffers.emplace_back(buffer.name, std::move(values));
  }
}

Truth::Truth(const SpeedCase& one, const SpeedData& data) : backward_(one.backward()) {
  NormalizerSpec spec = one.spec;
  spec.backend = "reference";
  const Shape& shape = one.shape;
  const std::unique_ptr<Normalizer> reference = Create(spec, shape);
  tolerance_.own = false;
  const std::vector<double> x = Widen(data.x(shape.Elements()));
  TakeStart(reference.get(), x);
  std::vector<double> y(x.size());
  reference->Forward(one.forward_mode(), {x.data(), shape}, {y.data(), shape});
  const double gain = TakeConditions(*reference, x, y, &tolerance_);
  ToleranceInput folded = tolerance_;
  folded.folded = true;
  if (!backward_) {
    const double scale = OutputScale(reference.get(), tolerance_, y);
    const double folded_scale = OutputScale(reference.get(), folded, y);
    out_ = {"y", std::move(y), scale, folded_scale};
    return;
  }
  const std::vector<double> dy = Widen(data.dy(shape.Elements()));
  std::vector<double> dx(x.size());
  reference->Backward({x.data(), shape}, {dy.data(), shape}, {dx.data(), shape});
  for (const Parameter& parameter : reference->Parameters()) {
    gradients_.push_back({parameter.name, Values(parameter.gradient),
                          GradientScale(reference.get(), tolerance_, parameter, y, dy, 0),
                          GradientScale(reference.get(), folded, parameter, y, dy, 0)});
  }
  const double scale = InputGradientScale(reference.get(), gain, dy, dx);
  out_ = {"dx", std::move(dx), scale, scale};
}

OutputError Truth::Check(Contestant* contestant, const BufferSets& sets,
                         const std::string& backend) const {
  ToleranceInput input = tolerance_;
  input.own = backend == "native";
  input.folded = FoldsMean(backend);
  const auto scale_of = [&](const Expected& expected) {
    return input.folded ? expected.folded_scale : expected.scale;
  };
  const double tolerance = OutputTolerance(input);
  const std::span<float> out(sets[0].out, static_cast<size_t>(sets.size()));
  std::fill(out.begin(), out.end(), std::numeric_limits<float>::quiet_NaN());
  contestant->Call(0);
  contestant->Store(0);
  OutputError worst{out_.name, ScaledError<float>(out, out_.values, scale_of(out_)), tolerance};
  for (const Expected& expected : gradients_) {
    const Parameter* parameter = FindNamed(contestant->Parameters(), expected.name);
    const std::vector<double> got =
        parameter == nullptr ? std::vector<double>() : Values(parameter->gradient);
    const double error = ScaledError<double>(got, expected.values, scale_of(expected));
    if (error > worst.error) worst = {expected.name + ".grad", error, tolerance};
  }
  return worst;
}

}  // namespace normsweep
