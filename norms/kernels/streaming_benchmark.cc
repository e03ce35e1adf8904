// Where the borders for streaming stores lie (cost.h): planes of 56x56 with ordinary and with
// streaming stores, over the size of the output; applied only, measured and applied, and backward.
// MB/s counts the bytes that a pass must move.
//
//   streaming_benchmark --benchmark_enable_random_interleaving --benchmark_repetitions=9
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "norms/cost.h"
#include "norms/kernels/moment_kernels.h"
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

const char* Name(Pass pass) {
  return pass == Pass::kOnce ? "apply" : pass == Pass::kStatistics ? "measure_apply" : "backward";
}

// `n` planes through both steps of a pass, as an engine takes a block.
void RunBlock(Pass pass, const float* x, const float* dy, float* out, int64_t n, bool stream,
              SetArrays* sets, int64_t first) {
  const kernels::PlaneBlock block{first, first + n, kPlane, first + n, 1, 0, stream};
  if (pass == Pass::kStatistics) {
    kernels::SetMoments(x, n, {1, 0, kPlane}, sets->mean.data() + first,
                        sets->variance.data() + first);
  }
  if (pass == Pass::kBackward) {
    std::array<GradientSums, kPlanesPerTask> sums;
    kernels::SumPlanes(x, dy, block, sets->View(), {}, sums.data());
    benchmark::DoNotOptimize(sums);
    kernels::BackwardPlanes(x, dy, out, block, sets->View(), {});
  } else {
    kernels::ApplyPlanes(x, out, block, sets->View(), {});
  }
}

void Run(benchmark::State& state, Pass pass, bool stream) {
  const int64_t planes = state.range(0);
  const Buffer x = Aligned(planes * kPlane), dy = Aligned(planes * kPlane),
               out = Aligned(planes * kPlane);
  SetArrays sets;
  sets.Resize(planes);
  for ([[maybe_unused]] auto _ : state) {
    ParallelFor((planes + kPlanesPerTask - 1) / kPlanesPerTask, planes * kPlane, [&](int64_t task) {
      const int64_t first = task * kPlanesPerTask, at = first * kPlane;
      RunBlock(pass, x.get() + at, dy.get() + at, out.get() + at,
               std::min(planes - first, kPlanesPerTask), stream, &sets, first);
    });
  }
  const int64_t tensors = pass == Pass::kBackward ? 3 : 2;
  state.SetBytesProcessed(state.iterations() * planes * kPlane * 4 * tensors);
  state.counters["output_MB"] = static_cast<double>(planes * kPlane) * 4e-6;
}

void Register() {
  for (const Pass pass : {Pass::kOnce, Pass::kStatistics, Pass::kBackward}) {
    for (const bool stream : {false, true}) {
      const std::string name = std::string(Name(pass)) + (stream ? "/streamed" : "/plain");
      auto* one = benchmark::RegisterBenchmark(
          name.c_str(), [=](benchmark::State& state) { Run(state, pass, stream); });
      for (const int64_t planes : {256, 512, 672, 768, 1024, 1280, 2048, 4096, 8192}) {
        one->Arg(planes);
      }
      one->Unit(benchmark::kMicrosecond)->UseRealTime();
    }
  }
}

}  // namespace
}  // namespace normsweep

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  normsweep::Register();
  benchmark::RunSpecifiedBenchmarks();
}
