// The cost of one training step (forward, loss, backward, update) on one thread.
//
//   step_benchmark --benchmark_filter=mlp
#include <benchmark/benchmark.h>
#include <omp.h>

#include <string>
#include <vector>

#include "harness/nn/loss.h"
#include "harness/nn/network.h"
#include "norms/random.h"

namespace normsweep {
namespace {

NetworkOptions MlpOptions() {
  NetworkOptions options;
  options.network.kind = NetworkKind::kMlp;
  options.network.hidden = {100, 100, 100};
  options.input = {1, 28, 28};
  return options;
}

NetworkOptions CnnOptions() {
  NetworkOptions options;
  options.network.kind = NetworkKind::kCnn;
  options.network.convolutions = {{16, 1}, {32, 2}, {32, 2}, {32, 2}};
  options.input = {1, 16, 16};
  return options;
}

void Step(benchmark::State& state, NetworkOptions options, const std::string& normalizer) {
  const int64_t n = state.range(0);
  options.normalizer.name = normalizer;
  if (normalizer == "group") {
    options.normalizer.options["groups"] = options.network.kind == NetworkKind::kMlp ? 10 : 4;
  }
  Network network(options);
  Sgd optimizer(network.Parameters(), 0.9, 0);
  Random random(1, 1);
  std::vector<float> samples(static_cast<size_t>(n * options.input.Elements()));
  for (float& x : samples) x = static_cast<float>(random.Gaussian());
  std::vector<int32_t> labels;
  for (int64_t i = 0; i < n; ++i) labels.push_back(static_cast<int32_t>(i % 10));
  std::vector<float> gradient(static_cast<size_t>(n * 10));
  for ([[maybe_unused]] auto _ : state) {
    std::copy(samples.begin(), samples.end(), network.Input(n));
    SoftmaxCrossEntropy(network.Forward(Mode::kTrain, n), labels, gradient.data());
    network.Backward(n, gradient.data());
    optimizer.Step(1e-6);
  }
  state.SetItemsProcessed(state.iterations() * n);  // samples
}

void Register() {
  for (const char* normalizer :
       {"none", "batch", "batch_renorm", "layer", "instance", "group", "weight", "spectral"}) {
    if (std::string(normalizer) != "instance") {  // one value a set in a fully connected layer
      benchmark::RegisterBenchmark((std::string("mlp/") + normalizer).c_str(), Step, MlpOptions(),
                                   normalizer)
          ->Arg(2)
          ->Unit(benchmark::kMicrosecond);
    }
    benchmark::RegisterBenchmark((std::string("cnn/") + normalizer).c_str(), Step, CnnOptions(),
                                 normalizer)
        ->Arg(2)
        ->Arg(32)
        ->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace
}  // namespace normsweep

int main(int argc, char** argv) {
  omp_set_num_threads(1);
  benchmark::Initialize(&argc, argv);
  normsweep::Register();
  benchmark::RunSpecifiedBenchmarks();
}
