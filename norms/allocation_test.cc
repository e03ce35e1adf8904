// No allocation inside a Forward or Backward that was called before with the same shape: counted by
// replacing the global operator new of this test program.
#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "norms/registry.h"
#include "norms/testing/catch.h"

namespace {

std::atomic<int64_t> allocations{0};

void* AllocateOrNull(std::size_t size) noexcept {
  ++allocations;
  return std::malloc(size);
}

void* Allocate(std::size_t size) {
  if (void* memory = AllocateOrNull(size)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return Allocate(size); }
void* operator new[](std::size_t size) { return Allocate(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return AllocateOrNull(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return AllocateOrNull(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace normsweep {
namespace {

// Calls of `large`, then of `smaller` samples, twice: the second time nothing may be allocated.
void CheckRepeated(const NormalizerKind& kind, const Shape& large, int64_t smaller, bool relu) {
  Shape small = large;
  small.n = smaller;
  NormalizerSpec spec{kind.name, "native", nlohmann::json::object()};
  if (spec.name == "group") spec.options["groups"] = 3;
  if (relu) spec.options["activation"] = "relu";
  const auto normalizer = Create(spec, large);
  std::vector<float> x(static_cast<size_t>(large.Elements())), y(x.size()), dx(x.size());
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 13);
  const auto step = [&](const Shape& shape) {
    for (const Mode mode : {Mode::kEval, Mode::kTrain}) {
      normalizer->Forward(mode, {x.data(), shape}, {y.data(), shape});
      normalizer->Backward({x.data(), shape}, {x.data(), shape}, {dx.data(), shape});
    }
  };
  const bool activation = normalizer->target() == Target::kActivation;
  step(large);
  if (activation) step(small);
  const int64_t before = allocations;
  step(large);
  if (activation) step(small);
  const int64_t after = allocations;
  INFO(kind.name << " " << large.ToString() << (relu ? " relu" : ""));
  CHECK(after == before);
}

TEST_CASE("a repeated call allocates nothing, also after a smaller batch in between") {
  for (const NormalizerKind& kind : NormalizerKinds()) {
    for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
      for (const bool relu : {false, true}) {
        if (relu && kind.target == Target::kWeight) continue;
        CheckRepeated(kind, {6, 12, 500, layout}, 2, relu);
        CheckRepeated(kind, {32, 12, 49, layout}, 9, relu);  // batch norm in strips
        CheckRepeated(kind, {32, 12, 49, layout}, 2, relu);  // and the smaller batch not
        if (std::string(kind.name) != "instance") CheckRepeated(kind, {33, 12, 1, layout}, 2, relu);
      }
    }
  }
}

}  // namespace
}  // namespace normsweep
