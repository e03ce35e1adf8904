// oneDNN primitives bound to their arguments once and executed many times. Executing through the C
// call with a ready array spares the C++ one's copy of its map of arguments, 0.3 us of the 1 us
// that the smallest layers take.
#pragma once

#include <dnnl.hpp>
#include <utility>
#include <vector>

namespace normsweep {

// The CPU engine and a stream; one a network, used by one thread.
struct OnednnRuntime {
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
};

class OnednnCall {
 public:
  using Arguments = std::vector<std::pair<int, dnnl::memory>>;

  OnednnCall() = default;  // does nothing
  OnednnCall(const OnednnRuntime& runtime, dnnl::primitive primitive, Arguments arguments);

  void Run() const;
  // Points argument `index` (DNNL_ARG_SRC, ...) at other memory of the same format.
  void Bind(int index, float* data);
  explicit operator bool() const { return static_cast<bool>(primitive_); }

 private:
  dnnl::stream stream_;
  dnnl::primitive primitive_;
  Arguments arguments_;
  std::vector<dnnl_exec_arg_t> raw_;
};

// A copy from one format to another; does nothing where they are equal (then share the memory).
OnednnCall MakeReorder(const OnednnRuntime& runtime, const dnnl::memory& from,
                       const dnnl::memory& to);

}  // namespace normsweep
