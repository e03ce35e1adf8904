#include "harness/nn/onednn_call.h"

namespace normsweep {

OnednnCall::OnednnCall(const OnednnRuntime& runtime, dnnl::primitive primitive, Arguments arguments)
    : stream_(runtime.stream), primitive_(std::move(primitive)), arguments_(std::move(arguments)) {
  for (const auto& [index, memory] : arguments_) raw_.push_back({index, memory.get()});
}

void OnednnCall::Run() const {
  if (!primitive_) return;
  dnnl::error::wrap_c_api(dnnl_primitive_execute(primitive_.get(), stream_.get(),
                                                 static_cast<int>(raw_.size()), raw_.data()),
                          "a oneDNN primitive failed");
}

void OnednnCall::Bind(int index, float* data) {
  for (auto& [argument, memory] : arguments_) {
    if (argument == index && memory.get_data_handle() != data) memory.set_data_handle(data);
  }
}

OnednnCall MakeReorder(const OnednnRuntime& runtime, const dnnl::memory& from,
                       const dnnl::memory& to) {
  return {runtime, dnnl::reorder(from, to), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, to}}};
}

}  // namespace normsweep
