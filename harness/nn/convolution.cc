#include "harness/nn/convolution.h"

#include "norms/onednn/compat.h"

namespace normsweep {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;
constexpr auto kFloat = memory::data_type::f32;

Shape WeightShape(const ConvolutionShape& s) {
  return {s.channels, s.input.channels, s.kernel * s.kernel, Layout::kChannelsFirst};
}

}  // namespace

struct Convolution::Descriptors {
  memory::desc x, y, weight, plain_weight, bias;
  onednn::Window window;
  dnnl::convolution_forward::primitive_desc forward;
};

Convolution::Convolution(const OnednnRuntime& runtime, ParameterArena* arena,
                         const ConvolutionShape& shape, const LinearOptions& options)
    : Linear(runtime, arena, WeightShape(shape), shape.Output(), options),
      shape_(shape),
      y_(shape.Output().Elements()),
      dx_(shape.input.Elements()) {}

Convolution::Descriptors Convolution::Describe(int64_t n) const {
  const FeatureShape& in = shape_.input;
  const FeatureShape& out = output();
  const memory::dims weight{shape_.channels, in.channels, shape_.kernel, shape_.kernel};
  const int64_t padding = shape_.kernel / 2;
  Descriptors d;
  d.x = {{n, in.channels, in.height, in.width}, kFloat, Tag::nhwc};
  d.y = {{n, out.channels, out.height, out.width}, kFloat, Tag::nhwc};
  d.weight = {weight, kFloat, Tag::any};
  d.plain_weight = {weight, kFloat, Tag::oihw};
  if (options().bias) d.bias = {{shape_.channels}, kFloat, Tag::a};
  d.window = {{shape_.stride, shape_.stride}, {padding, padding}, {padding, padding}};
  d.forward = onednn::MakeConvolutionForward(runtime().engine, dnnl::prop_kind::forward_training,
                                             d.x, d.weight, d.bias, d.y, d.window);
  return d;
}

Convolution::Plan& Convolution::ForwardPlan(int64_t n) {
  const auto found = plans_.find(n);
  if (found != plans_.end()) return found->second;
  Plan& plan = plans_[n];
  const Descriptors d = Describe(n);
  const dnnl::engine& engine = runtime().engine;
  const memory plain(d.plain_weight, engine, effective_weight().data());
  memory weight = plain;
  if (d.forward.weights_desc() != d.plain_weight) {
    weight = memory(d.forward.weights_desc(), engine);
    plan.reorder = MakeReorder(runtime(), plain, weight);
  }
  OnednnCall::Arguments arguments = {
      {DNNL_ARG_SRC, memory(d.x, engine, nullptr)},
      {DNNL_ARG_WEIGHTS, weight},
      {DNNL_ARG_DST, memory(d.y, engine, y_.Get(n))},
      {DNNL_ARG_SCRATCHPAD, memory(d.forward.scratchpad_desc(), engine)}};
  if (options().bias) {
    arguments.push_back({DNNL_ARG_BIAS, memory(d.bias, engine, bias().data())});
  }
  plan.forward = {runtime(), dnnl::convolution_forward(d.forward), std::move(arguments)};
  return plan;
}

void Convolution::AddBackward(int64_t n, Plan* plan) {
  plan->has_backward = true;
  const Descriptors d = Describe(n);
  const dnnl::engine& engine = runtime().engine;
  const memory dy(d.y, engine, nullptr);
  if (!options().first) {
    const auto data =
        onednn::MakeConvolutionBackwardData(engine, d.x, d.weight, d.y, d.window, d.forward);
    const memory plain(d.plain_weight, engine, effective_weight().data());
    memory weight = plain;
    if (data.weights_desc() != d.plain_weight) {
      weight = memory(data.weights_desc(), engine);
      plan->reorder_backward = MakeReorder(runtime(), plain, weight);
    }
    plan->backward_data = {runtime(),
                           dnnl::convolution_backward_data(data),
                           {{DNNL_ARG_DIFF_SRC, memory(d.x, engine, dx_.Get(n))},
                            {DNNL_ARG_WEIGHTS, weight},
                            {DNNL_ARG_DIFF_DST, dy},
                            {DNNL_ARG_SCRATCHPAD, memory(data.scratchpad_desc(), engine)}}};
  }
  const auto weights = onednn::MakeConvolutionBackwardWeights(engine, d.x, d.weight, d.bias, d.y,
                                                              d.window, d.forward);
  const memory plain(d.plain_weight, engine, weight_gradient().data());
  memory gradient = plain;
  if (weights.diff_weights_desc() != d.plain_weight) {
    gradient = memory(weights.diff_weights_desc(), engine);
    plan->reorder_gradient = MakeReorder(runtime(), gradient, plain);
  }
  OnednnCall::Arguments arguments = {
      {DNNL_ARG_SRC, memory(d.x, engine, nullptr)},
      {DNNL_ARG_DIFF_WEIGHTS, gradient},
      {DNNL_ARG_DIFF_DST, memory(d.y, engine, nullptr)},
      {DNNL_ARG_SCRATCHPAD, memory(weights.scratchpad_desc(), engine)}};
  if (options().bias) {
    arguments.push_back({DNNL_ARG_DIFF_BIAS, memory(d.bias, engine, bias_gradient().data())});
  }
  plan->backward_weights = {runtime(), dnnl::convolution_backward_weights(weights),
                            std::move(arguments)};
}

float* Convolution::Apply(int64_t n, float* x) {
  Plan& plan = ForwardPlan(n);
  plan.forward.Bind(DNNL_ARG_SRC, x);
  plan.reorder.Run();
  plan.forward.Run();
  return y_.Get(n);
}

float* Convolution::ApplyBackward(int64_t n, float* x, float* dy) {
  Plan& plan = ForwardPlan(n);
  if (!plan.has_backward) AddBackward(n, &plan);
  plan.backward_weights.Bind(DNNL_ARG_SRC, x);
  plan.backward_weights.Bind(DNNL_ARG_DIFF_DST, dy);
  plan.backward_weights.Run();
  plan.reorder_gradient.Run();
  if (options().first) return nullptr;
  plan.backward_data.Bind(DNNL_ARG_DIFF_DST, dy);
  plan.reorder_backward.Run();
  plan.backward_data.Run();
  return dx_.Get(n);
}

}  // namespace normsweep
