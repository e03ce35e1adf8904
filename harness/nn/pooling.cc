#include "harness/nn/pooling.h"

#include "norms/onednn/compat.h"

namespace normsweep {

using dnnl::memory;

GlobalPooling::GlobalPooling(const OnednnRuntime& runtime, PoolingKind kind,
                             const FeatureShape& input)
    : Layer({input.channels, 1, 1}),
      runtime_(runtime),
      kind_(kind),
      input_(input),
      y_(input.channels),
      dx_(input.Elements()) {}

GlobalPooling::Plan& GlobalPooling::GetPlan(int64_t n) {
  const auto found = plans_.find(n);
  if (found != plans_.end()) return found->second;
  Plan& plan = plans_[n];
  const dnnl::engine& engine = runtime_.engine;
  const auto f32 = memory::data_type::f32;
  const auto nhwc = memory::format_tag::nhwc;
  const memory::desc x({n, input_.channels, input_.height, input_.width}, f32, nhwc);
  const memory::desc y({n, input_.channels, 1, 1}, f32, nhwc);
  const onednn::Dims kernel{input_.height, input_.width};
  const onednn::Window window{{1, 1}, {0, 0}, {0, 0}};
  const auto algorithm = kind_ == PoolingKind::kMaximum
                             ? dnnl::algorithm::pooling_max
                             : dnnl::algorithm::pooling_avg_exclude_padding;
  const auto forward = onednn::MakePoolingForward(engine, dnnl::prop_kind::forward_training,
                                                  algorithm, x, y, kernel, window);
  const auto backward =
      onednn::MakePoolingBackward(engine, algorithm, x, y, kernel, window, forward);
  const memory workspace(forward.workspace_desc(), engine);
  plan.forward = {runtime_,
                  dnnl::pooling_forward(forward),
                  {{DNNL_ARG_SRC, memory(x, engine, nullptr)},
                   {DNNL_ARG_DST, memory(y, engine, y_.Get(n))},
                   {DNNL_ARG_WORKSPACE, workspace},
                   {DNNL_ARG_SCRATCHPAD, memory(forward.scratchpad_desc(), engine)}}};
  plan.backward = {runtime_,
                   dnnl::pooling_backward(backward),
                   {{DNNL_ARG_DIFF_SRC, memory(x, engine, dx_.Get(n))},
                    {DNNL_ARG_DIFF_DST, memory(y, engine, nullptr)},
                    {DNNL_ARG_WORKSPACE, workspace},
                    {DNNL_ARG_SCRATCHPAD, memory(backward.scratchpad_desc(), engine)}}};
  return plan;
}

float* GlobalPooling::Forward(Mode, int64_t n, float* x) {
  Plan& plan = GetPlan(n);
  plan.forward.Bind(DNNL_ARG_SRC, x);
  plan.forward.Run();
  return y_.Get(n);
}

float* GlobalPooling::Backward(int64_t n, float*, float* dy) {
  Plan& plan = GetPlan(n);
  plan.backward.Bind(DNNL_ARG_DIFF_DST, dy);
  plan.backward.Run();
  return dx_.Get(n);
}

}  // namespace normsweep
