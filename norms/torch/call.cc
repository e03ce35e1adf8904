#include "norms/torch/call.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/ops/from_blob.h>
#include <c10/core/CPUAllocator.h>
#include <omp.h>
#include <torch/csrc/api/include/torch/version.h>

#include <utility>

namespace normsweep::torch_backend {
namespace {

// The memory of the next tensor of `bytes` bytes, after `skip` others, that torch makes on this
// thread; null: torch's own.
struct Place {
  void* data = nullptr;
  size_t bytes = 0;
  int skip = 0;
};
thread_local Place next_place;

class PlacingAllocator final : public c10::Allocator {
 public:
  explicit PlacingAllocator(c10::Allocator* inner) : inner_(inner) {}
  c10::DataPtr allocate(size_t bytes) const override {
    const bool fits = next_place.data != nullptr && bytes == next_place.bytes;
    if (!fits || next_place.skip-- > 0) return inner_->allocate(bytes);
    void* data = std::exchange(next_place.data, nullptr);
    return {data, data, &c10::NoDelete, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return inner_->raw_deleter(); }

 private:
  c10::Allocator* inner_;
};

}  // namespace

void PrepareThread() {
  static const bool placing = [] {
    static auto* allocator = new PlacingAllocator(c10::GetCPUAllocator());  // outlives every tensor
    c10::SetCPUAllocator(allocator);
    return true;
  }();
  // On its first use in a thread libtorch sets that thread's OpenMP count to a number of its own (1
  // on a virtual machine with 2 processors); later calls take it as they find it.
  thread_local const bool counted = [] {
    const int threads = omp_get_max_threads();
    at::get_num_threads();
    omp_set_num_threads(threads);
    return true;
  }();
  static_cast<void>(placing);
  static_cast<void>(counted);
}

Tensor Wrap(const void* data, at::IntArrayRef sizes, at::IntArrayRef strides) {
  return at::from_blob(const_cast<void*>(data), sizes, strides, at::kFloat);
}

Tensor Wrap(const void* data, int64_t size) { return Wrap(data, {size}, {1}); }

bool PlaceResult(float* out, const Tensor& like, bool in_place, int skip, Results* results,
                 const std::function<Results()>& op) {
  struct Guard {
    Guard(void* data, size_t bytes, int skip) { next_place = {data, bytes, skip}; }
    ~Guard() { next_place = {}; }
  };
  {
    const Guard guard(in_place ? nullptr : out, like.nbytes(), skip);
    *results = op();
  }
  Tensor result = std::move(std::get<0>(*results));
  if (result.data_ptr() == out && result.strides() == like.strides()) return false;
  // Another tensor of that size was made before the result.
  for (Tensor* other : {&std::get<1>(*results), &std::get<2>(*results), &result}) {
    if (other->defined() && other->data_ptr() == out) *other = other->clone();
  }
  Wrap(out, like.sizes(), like.strides()).copy_(result);
  return true;
}

namespace {

const std::string& Implementation() {
  static const std::string text = [] {
    const std::string config = at::show_config(), key = "CPU capability usage: ";
    const size_t at = config.find(key);
    std::string name = std::string("libtorch ") + TORCH_VERSION;
    if (at == std::string::npos) return name;
    const size_t from = at + key.size();
    return name + " " + config.substr(from, config.find('\n', from) - from);
  }();
  return text;
}

}  // namespace

NormalizerInfo InfoOf(std::string name, std::string label, Target target, nlohmann::json options) {
  NormalizerInfo info;
  info.name = std::move(name);
  info.backend = "torch";
  info.label = std::move(label);
  info.implementation = Implementation();
  info.target = target;
  info.options = std::move(options);
  return info;
}

}  // namespace normsweep::torch_backend
