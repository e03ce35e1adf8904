#include "harness/experiments/train/probes/saved_network.h"

#include <algorithm>

#include "harness/nn/loss.h"

namespace normsweep {
namespace {

std::vector<Normalizer*> AllNormalizers(const Network& network) {
  std::vector<Normalizer*> all = network.activation_normalizers();
  for (const Linear* linear : network.linears()) {
    if (linear->weight_normalizer() != nullptr) all.push_back(linear->weight_normalizer());
  }
  return all;
}

void ClearAccumulated(std::span<const TrainedBlock> blocks) {
  for (const TrainedBlock& block : blocks) {
    if (block.accumulates) std::fill_n(block.gradient, block.count, 0.0f);
  }
}

}  // namespace

SavedBuffers::SavedBuffers(Network* network) {
  for (Normalizer* normalizer : AllNormalizers(*network)) {
    for (const Buffer& buffer : normalizer->Buffers()) {
      views_.push_back(buffer.value);
      std::vector<double>& values = values_.emplace_back();
      for (int64_t i = 0; i < buffer.value.shape.Elements(); ++i) {
        values.push_back(Get(buffer.value, i));
      }
    }
  }
}

void SavedBuffers::Restore() {
  for (size_t b = 0; b < views_.size(); ++b) {
    for (size_t i = 0; i < values_[b].size(); ++i) {
      Set(views_[b], static_cast<int64_t>(i), values_[b][i]);
    }
  }
}

SavedNetwork::SavedNetwork(Network* network)
    : network_(*network), buffers_(network), blocks_(network->Parameters()) {
  for (const TrainedBlock& block : blocks_) {
    values_.insert(values_.end(), block.value, block.value + block.count);
  }
}

SavedNetwork::~SavedNetwork() {
  const float* value = values_.data();
  for (const TrainedBlock& block : blocks_) {
    std::copy_n(value, block.count, block.value);
    value += block.count;
  }
  ClearAccumulated(blocks_);
}

void SavedNetwork::MoveTo(double rate, std::span<const float> direction) {
  size_t i = 0;
  for (const TrainedBlock& block : blocks_) {
    for (int64_t k = 0; k < block.count; ++k, ++i) {
      block.value[k] = static_cast<float>(static_cast<double>(values_[i]) -
                                          rate * static_cast<double>(direction[i]));
    }
  }
}

BatchGradient SavedNetwork::Gradient(std::span<const float> images,
                                     std::span<const int32_t> labels) {
  const auto n = static_cast<int64_t>(labels.size());
  buffers_.Restore();
  ClearAccumulated(blocks_);
  std::copy(images.begin(), images.end(), network_.Input(n));
  const auto logits = network_.Forward(Mode::kTrain, n);
  for (NoiseLayer* noise : network_.noises()) noise->SetStep(noise->step() - 1);
  std::vector<float> logit_gradient(logits.size());
  BatchGradient result;
  result.loss =
      SoftmaxCrossEntropy(logits, labels, logit_gradient.data()).loss / static_cast<double>(n);
  network_.Backward(n, logit_gradient.data());
  for (const TrainedBlock& block : blocks_) {
    result.gradient.insert(result.gradient.end(), block.gradient, block.gradient + block.count);
  }
  return result;
}

}  // namespace normsweep
