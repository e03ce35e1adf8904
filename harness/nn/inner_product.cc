#include "harness/nn/inner_product.h"

#include "norms/onednn/compat.h"

namespace normsweep {

using dnnl::memory;

InnerProduct::InnerProduct(const OnednnRuntime& runtime, ParameterArena* arena, int64_t inputs,
                           int64_t units, const LinearOptions& options)
    : Linear(runtime, arena, {units, inputs, 1, Layout::kChannelsFirst}, {units, 1, 1}, options),
      inputs_(inputs),
      y_(units),
      dx_(inputs) {}

InnerProduct::Plan& InnerProduct::GetPlan(int64_t n) {
  const auto found = plans_.find(n);
  if (found != plans_.end()) return found->second;
  Plan& plan = plans_[n];
  const dnnl::engine& engine = runtime().engine;
  const int64_t units = output().channels;
  const auto f32 = memory::data_type::f32;
  const memory::desc x({n, inputs_}, f32, memory::format_tag::ab);
  const memory::desc y({n, units}, f32, memory::format_tag::ab);
  const memory::desc weight({units, inputs_}, f32, memory::format_tag::ab);
  memory::desc bias_desc;
  if (options().bias) bias_desc = {{units}, f32, memory::format_tag::a};
  const auto forward = onednn::MakeInnerProductForward(engine, dnnl::prop_kind::forward_training, x,
                                                       weight, bias_desc, y);
  const auto data = onednn::MakeInnerProductBackwardData(engine, x, weight, y, forward);
  const auto weights =
      onednn::MakeInnerProductBackwardWeights(engine, x, weight, bias_desc, y, forward);
  const memory weight_memory(weight, engine, effective_weight().data());

  OnednnCall::Arguments f = {{DNNL_ARG_SRC, memory(x, engine, nullptr)},
                             {DNNL_ARG_WEIGHTS, weight_memory},
                             {DNNL_ARG_DST, memory(y, engine, y_.Get(n))},
                             {DNNL_ARG_SCRATCHPAD, memory(forward.scratchpad_desc(), engine)}};
  OnednnCall::Arguments w = {
      {DNNL_ARG_SRC, memory(x, engine, nullptr)},
      {DNNL_ARG_DIFF_WEIGHTS, memory(weight, engine, weight_gradient().data())},
      {DNNL_ARG_DIFF_DST, memory(y, engine, nullptr)},
      {DNNL_ARG_SCRATCHPAD, memory(weights.scratchpad_desc(), engine)}};
  if (options().bias) {
    f.push_back({DNNL_ARG_BIAS, memory(bias_desc, engine, bias().data())});
    w.push_back({DNNL_ARG_DIFF_BIAS, memory(bias_desc, engine, bias_gradient().data())});
  }
  plan.forward = {runtime(), dnnl::inner_product_forward(forward), std::move(f)};
  plan.backward_weights = {runtime(), dnnl::inner_product_backward_weights(weights), std::move(w)};
  if (!options().first) {
    plan.backward_data = {runtime(),
                          dnnl::inner_product_backward_data(data),
                          {{DNNL_ARG_DIFF_SRC, memory(x, engine, dx_.Get(n))},
                           {DNNL_ARG_WEIGHTS, weight_memory},
                           {DNNL_ARG_DIFF_DST, memory(y, engine, nullptr)},
                           {DNNL_ARG_SCRATCHPAD, memory(data.scratchpad_desc(), engine)}}};
  }
  return plan;
}

float* InnerProduct::Apply(int64_t n, float* x) {
  Plan& plan = GetPlan(n);
  plan.forward.Bind(DNNL_ARG_SRC, x);
  plan.forward.Run();
  return y_.Get(n);
}

float* InnerProduct::ApplyBackward(int64_t n, float* x, float* dy) {
  Plan& plan = GetPlan(n);
  plan.backward_weights.Bind(DNNL_ARG_SRC, x);
  plan.backward_weights.Bind(DNNL_ARG_DIFF_DST, dy);
  plan.backward_weights.Run();
  if (options().first) return nullptr;
  plan.backward_data.Bind(DNNL_ARG_DIFF_DST, dy);
  plan.backward_data.Run();
  return dx_.Get(n);
}

}  // namespace normsweep
