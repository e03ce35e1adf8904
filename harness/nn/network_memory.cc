#include "harness/nn/network_memory.h"

#include <algorithm>
#include <string>

#include "harness/nn/convolution.h"

namespace normsweep {
namespace {

constexpr int64_t kFloatBytes = sizeof(float);
// Of a oneDNN primitive: its descriptor and code. A resnet of 56 layers of 8 to 32 channels takes
// 6.4 MB more than one of 20, of which the weights and their copies are two thirds: 180 KB for each
// of 36 convolutions, with 3 primitives and 3 reorders for one batch size.
constexpr int64_t kPrimitiveBytes = 16 << 10;

bool HasTarget(const std::string& name, Target target) {
  const auto kinds = NormalizerKinds();
  return std::any_of(kinds.begin(), kinds.end(), [&](const NormalizerKind& kind) {
    return name == kind.name && kind.target == target;
  });
}

bool MeanOnlyBatch(const NormalizerSpec& spec) {
  const auto found = spec.options.find("mean_only_batch");
  return found != spec.options.end() && *found == nlohmann::json(true);
}

Saturated Elements(const FeatureShape& shape) {
  return Saturated(shape.channels) * shape.height * shape.width;
}

}  // namespace

NetworkMemory::NetworkMemory(const NetworkOptions& options)
    : options_(options),
      on_activation_((options.normalizer.name != "none" &&
                      HasTarget(options.normalizer.name, Target::kActivation)) ||
                     MeanOnlyBatch(options.normalizer)),
      on_weight_(HasTarget(options.normalizer.name, Target::kWeight)) {
  forward_ += Elements(options.input) * kFloatBytes;
  switch (options.network.kind) {
    case NetworkKind::kMlp: WalkMlp(); break;
    case NetworkKind::kCnn: WalkCnn(); break;
    case NetworkKind::kResnet: WalkResnet(); break;
  }
}

void NetworkMemory::WalkMlp() {
  FeatureShape shape = options_.input;
  for (const int64_t units : options_.network.hidden) {
    const FeatureShape output{units, 1, 1};
    Add({shape, output});
    shape = output;
  }
  Add({.input = shape, .output = {options_.classes, 1, 1}, .slot = false});
}

void NetworkMemory::WalkCnn() {
  FeatureShape shape = options_.input;
  for (const auto& unit : options_.network.convolutions) {
    AppendConvolution(&shape, unit.channels, 3, unit.stride);
  }
  if (options_.network.head != HeadKind::kFlatten) AppendHead(&shape);
  Add({.input = shape, .output = {options_.classes, 1, 1}, .slot = false});
}

void NetworkMemory::WalkResnet() {
  const NetworkConfig& config = options_.network;
  FeatureShape shape = options_.input;
  AppendConvolution(&shape, config.width, 3, 1);
  for (int64_t stage = 0; stage < 3; ++stage) {
    const int64_t channels = (Saturated(config.width) * (int64_t{1} << stage)).value();
    for (int64_t block = 0; block < (config.depth - 2) / 6; ++block) {
      const int64_t stride = stage > 0 && block == 0 ? 2 : 1;
      if (stride != 1) {
        FeatureShape shortcut = shape;
        AppendConvolution(&shortcut, channels, 1, stride);
      }
      AppendConvolution(&shape, channels, 3, stride);
      AppendConvolution(&shape, channels, 3, 1);
      if (options_.network.normalizer_after_activation) AddSlot(shape);  // behind the sum
    }
  }
  AppendHead(&shape);
  Add({.input = shape, .output = {options_.classes, 1, 1}, .slot = false});
}

void NetworkMemory::AppendConvolution(FeatureShape* shape, int64_t channels, int64_t kernel,
                                      int64_t stride) {
  const FeatureShape output = ConvolutionShape{*shape, channels, kernel, stride}.Output();
  Add({.input = *shape, .output = output, .kernel = kernel, .convolution = true});
  *shape = output;
}

// The output, the gradient of the input, and where each channel's maximum was.
void NetworkMemory::AppendHead(FeatureShape* shape) {
  forward_ += (Elements(*shape) + 2 * Saturated(shape->channels)) * kFloatBytes;
  forward_plan_ += 2 * kPrimitiveBytes;
  *shape = {shape->channels, 1, 1};
}

void NetworkMemory::Add(const Linear& linear) {
  const Saturated in = Elements(linear.input), out = Elements(linear.output);
  const Saturated inputs = linear.convolution ? Saturated(linear.input.channels) : in;
  const Saturated weight = inputs * linear.output.channels * linear.kernel * linear.kernel;
  parameters_ += weight + linear.output.channels;
  largest_weight_ = std::max(largest_weight_, weight);
  // y with the forward pass and dx with the backward, but an inner product makes all its primitives
  // at once. The convolution's copies of its weights in oneDNN's formats, three, and as scratchpad
  // what a fourth and two images would take; the inner product's scratchpads hold a copy of its
  // weights each at the most (memory_measured_test, also with ONEDNN_MAX_CPU_ISA=AVX2 and SSE41).
  forward_ += out * kFloatBytes;
  const Saturated dx = first_ ? Saturated(0) : in * kFloatBytes;
  if (linear.convolution) {
    backward_ += dx;
    forward_plan_ += weight * kFloatBytes + 2 * kPrimitiveBytes;
    backward_plan_ += (3 * weight + 2 * (in + out)) * kFloatBytes + 4 * kPrimitiveBytes;
  } else {
    forward_ += dx;
    forward_plan_ += 2 * weight * kFloatBytes + 3 * kPrimitiveBytes;
  }
  first_ = false;
  if (!linear.slot) return;
  // w beside v, and as much again for what its normalizer keeps of it.
  if (on_weight_) wrapped_ += 2 * weight * kFloatBytes + 64 * Saturated(linear.output.channels);
  AddSlot(linear.output);
}

void NetworkMemory::AddSlot(const FeatureShape& shape) {
  const Saturated values = Elements(shape);
  if (options_.network.noise) {  // y, dx, and a factor and a shift for each sample and channel
    forward_ += (values + 2 * Saturated(shape.channels)) * kFloatBytes;
    backward_ += values * kFloatBytes;
  }
  if (!on_activation_) return;
  widest_ = std::max(widest_, values);
  slot_values_ += values;
  channels_ += shape.channels;
  const bool per_element =
      options_.normalizer.options.value("affine", nlohmann::json()) == "element";
  parameters_ += 2 * (per_element ? values : Saturated(shape.channels));
  forward_ += values * kFloatBytes;
  backward_ += values * kFloatBytes;
  // Moments and gradient sums of each plane, and for gamma and beta per element their partial sums;
  // the oneDNN adapter's copies of x, y and dy, and a byte and a bit a value of masks.
  work_ += 32 * Saturated(shape.channels);
  if (per_element) work_ += 8 * values;
  if (options_.normalizer.backend == "onednn") work_ += values * (3 * kFloatBytes + 2);
}

Saturated NetworkMemory::Bytes(const std::vector<BatchUse>& batches) const {
  Saturated bytes = 2 * parameters_ * kFloatBytes + wrapped_ + 64 * channels_;
  int64_t most = 0;
  for (const BatchUse& batch : batches) {
    bytes += forward_ * batch.samples + forward_plan_;
    if (batch.trained) bytes += backward_ * batch.samples + backward_plan_;
    most = std::max(most, batch.samples);
  }
  return bytes + work_ * most;
}

}  // namespace normsweep
