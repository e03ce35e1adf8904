#include "harness/nn/containers.h"

#include "harness/nn/vectorize.h"

namespace normsweep {
namespace {

NORMSWEEP_CLONES void AddTo(float* sum, const float* x, int64_t count) {
  for (int64_t i = 0; i < count; ++i) sum[i] += x[i];
}

}  // namespace

Sequence::Sequence(std::vector<std::unique_ptr<Layer>> layers, const FeatureShape& output)
    : Layer(output), layers_(std::move(layers)), inputs_(layers_.size()) {}

float* Sequence::Forward(Mode mode, int64_t n, float* x) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    inputs_[i] = x;
    x = layers_[i]->Forward(mode, n, x);
  }
  return x;
}

float* Sequence::Backward(int64_t n, float*, float* dy) {
  for (size_t i = layers_.size(); i-- > 0;) dy = layers_[i]->Backward(n, inputs_[i], dy);
  return dy;
}

ResidualBlock::ResidualBlock(const FeatureShape& input, std::unique_ptr<Sequence> main,
                             std::unique_ptr<Sequence> shortcut)
    : Layer(main->output()),
      input_(input),
      main_(std::move(main)),
      shortcut_(std::move(shortcut)) {}

float* ResidualBlock::Forward(Mode mode, int64_t n, float* x) {
  const float* shortcut = shortcut_->Forward(mode, n, x);
  float* y = main_->Forward(mode, n, x);
  AddTo(y, shortcut, n * output().Elements());
  return y;
}

float* ResidualBlock::Backward(int64_t n, float* x, float* dy) {
  float* dx = main_->Backward(n, x, dy);
  const float* through_shortcut = shortcut_->Backward(n, x, dy);
  AddTo(dx, through_shortcut, n * input_.Elements());
  return dx;
}

}  // namespace normsweep
