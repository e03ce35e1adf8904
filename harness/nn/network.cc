#include "harness/nn/network.h"

#include "harness/nn/network_builder.h"

namespace normsweep {
namespace {

void AppendParameters(Normalizer* normalizer, std::vector<TrainedBlock>* blocks) {
  for (const Parameter& p : normalizer->Parameters()) {
    blocks->push_back(
        {p.value.As<float>(), p.gradient.As<float>(), p.value.shape.Elements(), true});
  }
}

}  // namespace

Network::Network(const NetworkOptions& options)
    : input_shape_(options.input), input_(options.input.Elements()) {
  NetworkBuilder(this, options).Build();
}

std::span<const float> Network::Forward(Mode mode, int64_t n) {
  const float* logits = layers_->Forward(mode, n, input_.Get(n));
  return {logits, static_cast<size_t>(n * layers_->output().Elements())};
}

void Network::Backward(int64_t n, float* gradient) {
  layers_->Backward(n, input_.Get(n), gradient);
}

std::vector<TrainedBlock> Network::Parameters() {
  std::vector<TrainedBlock> blocks;
  blocks.push_back({arena_.Value(0), arena_.Gradient(0), arena_.size(), false});
  for (Normalizer* normalizer : normalizers_) AppendParameters(normalizer, &blocks);
  for (Linear* linear : linears_) {
    if (linear->weight_normalizer() != nullptr) {
      AppendParameters(linear->weight_normalizer(), &blocks);
    }
  }
  return blocks;
}

int64_t Network::ParameterCount() const {
  int64_t count = arena_.count();
  const auto add = [&](Normalizer* normalizer) {
    for (const Parameter& p : normalizer->Parameters()) count += p.value.shape.Elements();
  };
  for (Normalizer* normalizer : normalizers_) add(normalizer);
  for (Linear* linear : linears_) {
    if (linear->weight_normalizer() != nullptr) add(linear->weight_normalizer());
  }
  return count;
}

}  // namespace normsweep
