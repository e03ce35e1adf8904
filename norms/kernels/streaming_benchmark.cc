// Where the border for streaming stores lies: eval forward of planes of 56x56 with ordinary and
// with streaming stores, over the size of the output. MB/s counts the bytes read and written.
//
//   streaming_benchmark --benchmark_enable_random_interleaving --benchmark_repetitions=9
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <vector>

#include "norms/kernels/plane_kernels.h"
#include "norms/parallel.h"

namespace normsweep {
namespace {

constexpr int64_t kPlane = 56 * 56;
constexpr int64_t kPlanesPerTask = 8;

struct Free {
  void operator()(float* p) const { std::free(p); }
};
using Buffer = std::unique_ptr<float[], Free>;

Buffer Aligned(int64_t values) {
  const auto bytes = (static_cast<size_t>(values) * sizeof(float) + 63) / 64 * 64;
  Buffer buffer(static_cast<float*>(std::aligned_alloc(64, bytes)));
  std::fill_n(buffer.get(), values, 1.0F);
  return buffer;
}

void Apply(benchmark::State& state, bool stream) {
  const int64_t planes = state.range(0);
  const Buffer x = Aligned(planes * kPlane), y = Aligned(planes * kPlane);
  SetArrays sets;
  sets.Resize(planes);
  for ([[maybe_unused]] auto _ : state) {
    ParallelFor((planes + kPlanesPerTask - 1) / kPlanesPerTask, planes * kPlane, [&](int64_t task) {
      const int64_t first = task * kPlanesPerTask;
      const int64_t last = std::min(planes, first + kPlanesPerTask);
      kernels::ApplyPlanes(x.get() + first * kPlane, y.get() + first * kPlane,
                           {first, last, kPlane, planes, 1, 0, stream}, sets.View(), {});
    });
  }
  state.SetBytesProcessed(state.iterations() * planes * kPlane * 8);
  state.counters["output_MB"] = static_cast<double>(planes * kPlane) * 4e-6;
}

void Register() {
  for (const bool stream : {false, true}) {
    benchmark::RegisterBenchmark(stream ? "apply/streamed" : "apply/plain", Apply, stream)
        ->Arg(256)
        ->Arg(512)
        ->Arg(1024)
        ->Arg(1280)
        ->Arg(2048)
        ->Arg(4096)
        ->Arg(8192)
        ->Unit(benchmark::kMicrosecond)
        ->UseRealTime();
  }
}

}  // namespace
}  // namespace normsweep

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  normsweep::Register();
  benchmark::RunSpecifiedBenchmarks();
}
