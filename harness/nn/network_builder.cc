#include "harness/nn/network_builder.h"

#include <cmath>

#include "harness/nn/inner_product.h"
#include "harness/nn/normalizer_layer.h"
#include "harness/nn/pooling.h"
#include "harness/nn/streams.h"
#include "norms/random.h"

namespace normsweep {

NetworkBuilder::NetworkBuilder(Network* network, const NetworkOptions& options)
    : network_(*network),
      options_(options),
      slot_(options.normalizer, options.network),
      shape_(options.input) {}

void NetworkBuilder::Build() {
  switch (options_.network.kind) {
    case NetworkKind::kMlp: BuildMlp(); break;
    case NetworkKind::kCnn: BuildCnn(); break;
    case NetworkKind::kResnet: BuildResnet(); break;
  }
  auto last = std::make_unique<InnerProduct>(network_.runtime_, &network_.arena_, shape_.Elements(),
                                             options_.classes, NextLinear(true));
  network_.linears_.push_back(last.get());
  shape_ = last->output();
  layers_.push_back(std::move(last));
  network_.layers_ = std::make_unique<Sequence>(std::move(layers_), shape_);
  network_.arena_.Allocate();
  Start();
}

void NetworkBuilder::Start() {
  for (size_t i = 0; i < network_.linears_.size(); ++i) {
    const Linear& linear = *network_.linears_[i];
    const Shape w = linear.weight_shape();
    const auto fan_in = static_cast<double>(w.c * w.s), fan_out = static_cast<double>(w.n * w.s);
    double variance =
        options_.network.activation == ActivationKind::kRelu ? 2 / fan_in : 2 / (fan_in + fan_out);
    const bool last = i + 1 == network_.linears_.size();
    if (last) variance = 1 / fan_in;
    const bool scaled = !last || options_.network.init_scale_of_last;
    const double deviation = (scaled ? options_.network.init_scale : 1) * std::sqrt(variance);
    Random random(options_.seed, streams::kInitialWeights + i);
    for (float& weight : linear.weight()) {
      weight = static_cast<float>(deviation * random.Gaussian());
    }
  }
  for (size_t i = 0; i < wrapped_.size(); ++i) {
    Linear* linear = wrapped_[i];
    auto normalizer = slot_.MakeForWeight(linear->weight_shape());
    normalizer->Init(ConstTensorView(linear->weight().data(), linear->weight_shape()),
                     Random(options_.seed, streams::kPowerIteration + i).Bits());
    linear->WrapWeight(std::move(normalizer));
  }
}

LinearOptions NetworkBuilder::NextLinear(bool bias) {
  return {.bias = bias, .first = network_.linears_.empty()};
}

void NetworkBuilder::BuildMlp() {
  int64_t inputs = shape_.Elements();
  for (const int64_t units : options_.network.hidden) {
    AppendSlot(&layers_,
               std::make_unique<InnerProduct>(network_.runtime_, &network_.arena_, inputs, units,
                                              NextLinear(slot_.LinearHasBias())),
               true);
    inputs = units;
    shape_ = {units, 1, 1};
  }
}

void NetworkBuilder::BuildCnn() {
  for (const auto& unit : options_.network.convolutions) {
    AppendConvolution(&layers_, &shape_, unit.channels, 3, unit.stride, true);
  }
  AppendHead(options_.network.head);
}

void NetworkBuilder::BuildResnet() {
  const NetworkConfig& config = options_.network;
  AppendConvolution(&layers_, &shape_, config.width, 3, 1, true);
  const int64_t blocks = (config.depth - 2) / 6;
  for (const int64_t stage : {0, 1, 2}) {
    for (int64_t block = 0; block < blocks; ++block) {
      AppendResidualBlock(config.width << stage, stage > 0 && block == 0 ? 2 : 1);
    }
  }
  AppendHead(HeadKind::kAverage);
}

void NetworkBuilder::AppendResidualBlock(int64_t channels, int64_t stride) {
  const FeatureShape input = shape_;
  Layers main, shortcut;
  AppendConvolution(&main, &shape_, channels, 3, stride, true);
  AppendConvolution(&main, &shape_, channels, 3, 1, false);
  FeatureShape shortcut_shape = input;
  if (stride != 1 || channels != input.channels) {
    AppendConvolution(&shortcut, &shortcut_shape, channels, 1, stride, false);
  }
  layers_.push_back(std::make_unique<ResidualBlock>(
      input, std::make_unique<Sequence>(std::move(main), shape_),
      std::make_unique<Sequence>(std::move(shortcut), shortcut_shape)));
  AppendActivation(&layers_, shape_);
  AppendAfter(&layers_, shape_);
}

void NetworkBuilder::AppendHead(HeadKind head) {
  if (head == HeadKind::kFlatten) return;
  const auto kind = head == HeadKind::kAverage ? PoolingKind::kAverage : PoolingKind::kMaximum;
  layers_.push_back(std::make_unique<GlobalPooling>(network_.runtime_, kind, shape_));
  shape_ = layers_.back()->output();
}

void NetworkBuilder::AppendConvolution(Layers* layers, FeatureShape* shape, int64_t channels,
                                       int64_t kernel, int64_t stride, bool activate) {
  const ConvolutionShape convolution{*shape, channels, kernel, stride};
  AppendSlot(layers,
             std::make_unique<Convolution>(network_.runtime_, &network_.arena_, convolution,
                                           NextLinear(slot_.LinearHasBias())),
             activate);
  *shape = convolution.Output();
}

void NetworkBuilder::AppendSlot(Layers* layers, std::unique_ptr<Linear> linear, bool activate) {
  const FeatureShape shape = linear->output();
  network_.linears_.push_back(linear.get());
  if (slot_.WrapsWeight()) wrapped_.push_back(linear.get());
  layers->push_back(std::move(linear));
  AppendBefore(layers, shape, activate);
  if (!activate) return;
  if (!slot_.FusesActivation()) AppendActivation(layers, shape);
  AppendAfter(layers, shape);
}

void NetworkBuilder::AppendBefore(Layers* layers, const FeatureShape& shape, bool activate) {
  if (slot_.BeforeActivation()) AppendNormalizer(layers, shape, activate);
  if (slot_.NoiseBeforeActivation()) AppendNoise(layers, shape);
}

void NetworkBuilder::AppendAfter(Layers* layers, const FeatureShape& shape) {
  if (slot_.AfterActivation()) AppendNormalizer(layers, shape, false);
  if (slot_.NoiseAfterActivation()) AppendNoise(layers, shape);
}

void NetworkBuilder::AppendNoise(Layers* layers, const FeatureShape& shape) {
  auto noise = std::make_unique<NoiseLayer>(*options_.network.noise, shape, options_.seed,
                                            network_.noises_.size());
  network_.noises_.push_back(noise.get());
  layers->push_back(std::move(noise));
}

void NetworkBuilder::AppendActivation(Layers* layers, const FeatureShape& shape) {
  layers->push_back(std::make_unique<ActivationLayer>(
      options_.network.activation, shape, network_.activation_observer_.get(), activations_++));
}

void NetworkBuilder::AppendNormalizer(Layers* layers, const FeatureShape& shape, bool activate) {
  auto normalizer = slot_.MakeForActivation(shape, activate);
  network_.normalizers_.push_back(normalizer.get());
  layers->push_back(std::make_unique<NormalizerLayer>(
      std::move(normalizer), shape, network_.observer_.get(), network_.normalizers_.size() - 1));
}

}  // namespace normsweep
