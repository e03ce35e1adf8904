#include "harness/experiments/train/evaluation.h"

#include <cmath>

#include "harness/nn/loss.h"
#include "norms/random.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

NetworkOptions Options(const char* normalizer) {
  NetworkOptions options;
  options.network.kind = NetworkKind::kMlp;
  options.network.hidden = {6, 5};
  options.normalizer.name = normalizer;
  options.input = {3, 1, 1};
  return options;
}

DataPart Part(int64_t count) {
  Random random(9, 9);
  DataPart part;
  for (int64_t i = 0; i < count; ++i) {
    part.labels.push_back(static_cast<int32_t>(i % 10));
    for (int c = 0; c < 3; ++c) {
      part.images.push_back(static_cast<float>(1 + 0.5 * c + random.Gaussian()));
    }
  }
  return part;
}

double BufferValue(Normalizer* normalizer, const std::string& name, int64_t i) {
  for (const Buffer& buffer : normalizer->Buffers()) {
    if (buffer.name == name) return Get(buffer.value, i);
  }
  FAIL("no buffer " << name);
  return 0;
}

TEST_CASE("recomputed statistics are those of all samples together", "[train]") {
  const DataPart part = Part(40);
  for (const char* name : {"batch", "batch_renorm"}) {
    for (const int64_t batch : {2, 8, 40}) {
      CAPTURE(name, batch);
      Network network(Options(name));
      Normalizer* first = network.activation_normalizers().front();
      const double before = BufferValue(first, "running_mean", 0);
      {
        const PopulationStatistics population(&network, part, 40, batch);
        // The first layer's pre-activations, in float64 from its weights; unit o = 1.
        const auto w = network.linears()[0]->weight().subspan(3, 3);
        double sum = 0, squares = 0;
        for (size_t i = 0; i < 40; ++i) {
          double t = 0;
          for (size_t c = 0; c < 3; ++c) {
            t += static_cast<double>(w[c]) * static_cast<double>(part.images[3 * i + c]);
          }
          sum += t;
          squares += t * t;
        }
        const double mean = sum / 40, variance = squares / 40 - mean * mean;
        CHECK(BufferValue(first, "running_mean", 1) == Approx(mean).epsilon(1e-5));
        const bool renorm = std::string(name) == "batch_renorm";
        CHECK(BufferValue(first, renorm ? "running_sigma" : "running_var", 1) ==
              Approx(renorm ? std::sqrt(variance + 1e-5) : variance).epsilon(1e-4));
      }
      CHECK(BufferValue(first, "running_mean", 0) == before);
      CHECK(BufferValue(first, "step", 0) == 0);
    }
  }
}

TEST_CASE("one batch of all samples makes both statistics the same", "[train]") {
  const DataPart part = Part(40);
  Network network(Options("batch"));
  const Evaluation own = EvaluateBatchStatistics(&network, part, 40);
  const PopulationStatistics population(&network, part, 40, 40);
  CHECK(EvaluateRunning(&network, part).loss == Approx(own.loss).epsilon(1e-5));
}

TEST_CASE("every sample counts once, in full batches", "[train]") {
  const DataPart part = Part(7);
  Network network(Options("batch"));
  // 7 samples in batches of 4: 0 1 2 3, then 4 5 6 0 of which the last is not counted.
  double loss = 0;
  for (const auto& batch : {std::vector<size_t>{0, 1, 2, 3}, std::vector<size_t>{4, 5, 6, 0}}) {
    float* input = network.Input(4);
    std::vector<int32_t> labels;
    for (const size_t i : batch) {
      input = std::copy_n(part.images.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, input);
      labels.push_back(part.labels[i]);
    }
    const auto logits = network.Forward(Mode::kBatchStatistics, 4);
    const size_t counted = batch[0] == 0 ? 4 : 3;
    labels.resize(counted);
    loss += SoftmaxCrossEntropy(logits.first(10 * counted), labels, nullptr).loss;
  }
  CHECK(EvaluateBatchStatistics(&network, part, 4).loss == Approx(loss / 7));
  CHECK(std::isfinite(EvaluateBatchStatistics(&network, part, 9).loss));  // more than there are
}

TEST_CASE("what has running statistics is known", "[train]") {
  CHECK(HasRunningStatistics(Network(Options("batch"))));
  CHECK(HasRunningStatistics(Network(Options("batch_renorm"))));
  CHECK_FALSE(HasRunningStatistics(Network(Options("layer"))));
  CHECK_FALSE(HasRunningStatistics(Network(Options("weight"))));
  CHECK_FALSE(HasRunningStatistics(Network(Options("none"))));
}

}  // namespace
}  // namespace normsweep
