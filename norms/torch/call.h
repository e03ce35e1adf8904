// How libtorch is called, whichever the operator:
//
// - The operators are called directly (at::native_batch_norm and its _backward, ...), in inference
//   mode, so that neither autograd nor its bookkeeping is timed.
// - On a CPU they have no out= that writes its result in place (native_batch_norm has none at all,
//   the others' copies), so torch's allocator is made to hand out our y or dx when an operator
//   allocates its result. Torch thus pays neither for a copy nor for fresh memory, which costs a
//   program that uses it page faults on large tensors. In place (y is x, dx is dy), which torch
//   does not have, its result is copied.
#pragma once

#include <ATen/core/Tensor.h>
#include <c10/core/InferenceMode.h>

#include <functional>
#include <string>
#include <tuple>

#include "norms/errors.h"
#include "norms/normalizer.h"

namespace normsweep::torch_backend {

using at::Tensor;
// A result and what comes with it: y and statistics, or dx and gradients of parameters.
using Results = std::tuple<Tensor, Tensor, Tensor>;

// The allocator, once a process, and the number of threads, once a thread.
void PrepareThread();

// Runs `body` as every use of libtorch must be. Throws BackendError for what libtorch throws.
template <class Body>
void Call(const Body& body) {
  try {
    PrepareThread();
    const c10::InferenceMode inference;
    body();
  } catch (const c10::Error& error) {
    throw BackendError(std::string("libtorch: ") + error.what_without_backtrace());
  }
}

// Float32 values of ours, which must outlive the tensor.
Tensor Wrap(const void* data, at::IntArrayRef sizes, at::IntArrayRef strides);
Tensor Wrap(const void* data, int64_t size);

// Torch's view of a tensor of the caller's, kept while the caller comes with the same one.
class Wrapped {
 public:
  template <class View>
  const Tensor& Of(const void* data, const Shape& shape, const View& view) {
    if (!tensor_.defined() || data != tensor_.data_ptr() || shape != shape_) tensor_ = view(data);
    shape_ = shape;
    return tensor_;
  }

 private:
  Tensor tensor_;
  Shape shape_;
};

// *results = op(), the first of them at `out` with the sizes and strides of `like`; it is then left
// empty. The operator makes `skip` other tensors of that size before. Returns whether it took a
// copy: in place, or where the operator makes its result otherwise.
bool PlaceResult(float* out, const Tensor& like, bool in_place, int skip, Results* results,
                 const std::function<Results()>& op);

// With libtorch's version and the instruction set of its kernels.
NormalizerInfo InfoOf(std::string name, std::string label, Target target, nlohmann::json options);

}  // namespace normsweep::torch_backend
