#include "harness/nn/network.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "harness/config/config_error.h"
#include "harness/nn/loss.h"
#include "harness/nn/normalizer_layer.h"
#include "norms/random.h"
#include "norms/testing/catch.h"
#include "norms/testing/sanitized.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

NetworkOptions Options(const char* network, const char* normalizer, const FeatureShape& input) {
  NetworkOptions options;
  options.network = ReadNetworkConfig(Json::parse(network), "/network");
  options.normalizer.options = Json::parse(normalizer);
  options.normalizer.name = options.normalizer.options["name"].get<std::string>();
  options.normalizer.options.erase("name");
  options.input = input;
  return options;
}

// A network with a fixed batch and its loss as a function of the parameters.
class Problem {
 public:
  Problem(const NetworkOptions& options, int64_t n) : network_(options), n_(n) {
    Random random(7, 1);
    float* input = network_.Input(n);
    for (int64_t i = 0; i < n * options.input.Elements(); ++i) {
      input[i] = static_cast<float>(random.Gaussian());
    }
    for (int64_t i = 0; i < n; ++i) labels_.push_back(static_cast<int32_t>(random.Below(10)));
    // Biases, gamma and beta off their start, where gradients could vanish by symmetry.
    for (TrainedBlock& block : network_.Parameters()) {
      for (int64_t i = 0; i < block.count; ++i) {
        block.value[i] += static_cast<float>(0.05 * random.Gaussian());
      }
    }
  }

  double Loss() {
    const auto logits = network_.Forward(Mode::kBatchStatistics, n_);
    return SoftmaxCrossEntropy(logits, labels_, nullptr).loss / static_cast<double>(n_);
  }
  void Gradient() {
    const auto logits = network_.Forward(Mode::kBatchStatistics, n_);
    std::vector<float> gradient(logits.size());
    SoftmaxCrossEntropy(logits, labels_, gradient.data());
    for (TrainedBlock& block : network_.Parameters()) {
      std::fill_n(block.gradient, block.count, 0.0f);
    }
    network_.Backward(n_, gradient.data());
  }
  Network& network() { return network_; }

 private:
  Network network_;
  int64_t n_;
  std::vector<int32_t> labels_;
};

// Weights, bias and normalizer parameters apart, so that a wrong one cannot hide behind the others.
std::vector<TrainedBlock> SeparateBlocks(Network* network) {
  std::vector<TrainedBlock> blocks = network->Parameters();
  blocks.erase(blocks.begin());  // the linear layers' flat memory
  for (Linear* linear : network->linears()) {
    for (const auto& [value, gradient] : {std::pair(linear->weight(), linear->weight_gradient()),
                                          std::pair(linear->bias(), linear->bias_gradient())}) {
      if (!value.empty()) {
        blocks.push_back(
            {value.data(), gradient.data(), static_cast<int64_t>(value.size()), false});
      }
    }
  }
  return blocks;
}

// The derivative along `direction` (unit length) by central differences against gradient .
// direction. The loss, about 2.3 and right to some 4e-7, gives it to 8e-7 / step at worst; 2 % and
// 1e-3 are for the third derivative. ReLU and max pooling have kinks, and those within a step of a
// sample count fully, so that the step must be small there.
void CheckAlong(Problem* problem, const TrainedBlock& block, const std::vector<double>& direction,
                double step) {
  const std::vector<float> start(block.value, block.value + block.count);
  const auto loss_at = [&](double distance) {
    for (size_t i = 0; i < start.size(); ++i) {
      block.value[i] = static_cast<float>(static_cast<double>(start[i]) + distance * direction[i]);
    }
    return problem->Loss();
  };
  double analytic = 0;
  for (size_t i = 0; i < start.size(); ++i) {
    analytic += static_cast<double>(block.gradient[i]) * direction[i];
  }
  const double numeric = (loss_at(step) - loss_at(-step)) / (2 * step);
  loss_at(0);
  CHECK(analytic == Approx(numeric).epsilon(0.02).margin(1e-3 + 8e-7 / step));
}

void CheckGradients(const NetworkOptions& options, int64_t n) {
  const bool kinks = options.network.activation == ActivationKind::kRelu ||
                     options.network.head == HeadKind::kMaximum;
  const double step = kinks ? 2e-4 : 1e-2;
  Problem problem(options, n);
  problem.Gradient();
  double largest = 0;
  for (const TrainedBlock& block : SeparateBlocks(&problem.network())) {
    std::vector<double> along(block.gradient, block.gradient + block.count), random;
    Random generator(3, 3);
    double length = 0, random_length = 0;
    for (const double g : along) {
      length += g * g;
      random.push_back(generator.Gaussian());
      random_length += random.back() * random.back();
    }
    length = std::sqrt(length);
    random_length = std::sqrt(random_length);
    largest = std::max(largest, length);
    for (double& r : random) r /= random_length;
    CheckAlong(&problem, block, random, step);
    if (length == 0) continue;
    for (double& g : along) g /= length;
    CheckAlong(&problem, block, along, step);
  }
  CHECK(largest > 0.05);  // not a comparison of zeros
}

const char* const kNormalizers[] = {
    R"({"name": "none"})",
    R"({"name": "batch"})",
    R"({"name": "batch_renorm", "warmup_steps": 9})",
    R"({"name": "layer"})",
    R"({"name": "group", "groups": 3})",
    R"({"name": "weight"})",
    R"({"name": "weight", "mean_only_batch": true})",
    R"({"name": "spectral"})",
};

TEST_CASE("gradients of an MLP agree with finite differences", "[nn]") {
  for (const char* normalizer : kNormalizers) {
    for (const char* network : {R"({"name": "mlp", "hidden": [9, 12], "activation": "tanh"})",
                                R"({"name": "mlp", "hidden": [12], "activation": "sigmoid",
              "normalizer_position": "after_activation"})"}) {
      for (const int64_t n : {3, 8}) {
        CAPTURE(normalizer, network, n);
        CheckGradients(Options(network, normalizer, {2, 3, 1}), n);
      }
    }
  }
}

TEST_CASE("gradients of a convolutional network agree with finite differences", "[nn]") {
  for (const char* normalizer : kNormalizers) {
    for (const char* network :
         {R"({"name": "cnn", "convolutions": [{"channels": 6}, {"channels": 9, "stride": 2}],
              "activation": "tanh"})",
          R"({"name": "cnn", "convolutions": [{"channels": 3, "stride": 3}, {"channels": 6}],
              "activation": "tanh", "head": "average", "normalizer_position": "after_activation"})",
          R"({"name": "cnn", "convolutions": [{"channels": 6, "stride": 2}], "head": "max",
              "activation": "sigmoid"})"}) {
      for (const int64_t n : {1, 2, 5}) {
        CAPTURE(normalizer, network, n);
        CheckGradients(Options(network, normalizer, {2, 8, 7}), n);
      }
    }
  }
  CheckGradients(Options(R"({"name": "cnn", "convolutions": [{"channels": 16}]})",
                         R"({"name": "instance"})", {1, 8, 8}),
                 2);
}

TEST_CASE("gradients of a residual network agree with finite differences", "[nn]") {
  for (size_t i = 0; i < std::size(kNormalizers); i += testing::Step(4)) {
    const char* normalizer = kNormalizers[i];
    for (const char* network :
         {R"({"name": "resnet", "depth": 8, "width": 3, "activation": "tanh"})",
          R"({"name": "resnet", "depth": 8, "width": 3, "activation": "tanh",
              "normalizer_position": "after_activation"})"}) {
      CAPTURE(normalizer, network);
      CheckGradients(Options(network, normalizer, {1, 9, 8}), 2);
    }
  }
}

TEST_CASE("gradients through ReLU agree with finite differences", "[nn]") {
  CheckGradients(Options(R"({"name": "mlp", "hidden": [64]})", R"({"name": "none"})", {1, 5, 5}),
                 64);
  // Fused into the normalizer.
  for (const char* normalizer : {R"({"name": "batch"})", R"({"name": "layer"})"}) {
    CAPTURE(normalizer);
    CheckGradients(Options(R"({"name": "mlp", "hidden": [64]})", normalizer, {1, 5, 5}), 64);
  }
}

// Which of the network's normalizers end with a relu: "x" those that do, in the order of the
// layers.
std::string Fused(const char* network, const char* normalizer) {
  const Network n(Options(network, normalizer, {1, 9, 8}));
  std::string fused;
  for (const Normalizer* one : n.activation_normalizers()) {
    fused += one->Info().options["activation"] == "relu" ? 'x' : '.';
  }
  return fused;
}

TEST_CASE("a relu right behind a normalizer is fused into it", "[nn]") {
  const char* mlp = R"({"name": "mlp", "hidden": [9, 12]})";
  for (const char* normalizer : {R"({"name": "batch"})", R"({"name": "batch_renorm"})",
                                 R"({"name": "layer"})", R"({"name": "group", "groups": 3})"}) {
    CHECK(Fused(mlp, normalizer) == "xx");
  }
  CHECK(Fused(mlp, R"({"name": "weight"})").empty());
  CHECK(Fused(mlp, R"({"name": "none"})").empty());
  const char* batch = R"({"name": "batch"})";
  CHECK(Fused(R"({"name": "mlp", "hidden": [9], "activation": "tanh"})", batch) == ".");
  CHECK(Fused(R"({"name": "mlp", "hidden": [9], "normalizer_position": "after_activation"})",
              batch) == ".");
  // A block's relu stands behind the sum: stem, then of each block the first convolution alone; two
  // of the three blocks have a projection.
  CHECK(Fused(R"({"name": "resnet", "depth": 8, "width": 3})", batch) == "xx.x..x..");
}

TEST_CASE("a layer with a fused relu gives the bits of two layers", "[nn]") {
  const FeatureShape shape{6, 3, 5};
  Random random(8, 1);
  const auto draw = [&](int64_t n) {
    std::vector<float> values(static_cast<size_t>(n * shape.Elements()));
    for (float& value : values) value = static_cast<float>(random.Gaussian());
    return values;
  };
  for (const char* name : {"batch", "batch_renorm", "layer", "instance"}) {
    const Shape batch{1, shape.channels, shape.Spatial(), Layout::kChannelsLast};
    NormalizerLayer fused(Create({name, "native", {{"activation", "relu"}}}, batch), shape);
    NormalizerLayer plain(Create({name, "native", {}}, batch), shape);
    ActivationLayer relu(ActivationKind::kRelu, shape);
    for (const int64_t n : {1, 2, 7}) {
      CAPTURE(name, n);
      std::vector<float> x = draw(n), dy = draw(n), dy_again = dy;
      const auto values = [&](const float* p) { return std::vector<float>(p, p + x.size()); };
      float* const z = plain.Forward(Mode::kTrain, n, x.data());
      const auto y = values(relu.Forward(Mode::kTrain, n, z));
      CHECK(values(fused.Forward(Mode::kTrain, n, x.data())) == y);
      const auto dx = values(plain.Backward(n, x.data(), relu.Backward(n, z, dy.data())));
      CHECK(values(fused.Backward(n, x.data(), dy_again.data())) == dx);
    }
  }
}

TEST_CASE("residual networks have the published number of parameters", "[nn]") {
  // ResNet-20 of arXiv 1512.03385 with projections and batch norm: 0.27 million.
  const Network resnet20(
      Options(R"({"name": "resnet", "depth": 20})", R"({"name": "batch"})", {3, 32, 32}));
  CHECK(resnet20.ParameterCount() == 272474);
  CHECK(resnet20.linears().size() == 22);  // two of them are projections
  CHECK(resnet20.activation_normalizers().size() == 21);
  CHECK(resnet20.linears()[20]->output().height == 8);
  CHECK(resnet20.linears()[20]->output().channels == 64);

  Network mnist(
      Options(R"({"name": "resnet", "depth": 8, "width": 4})", R"({"name": "none"})", {1, 28, 28}));
  CHECK(mnist.Forward(Mode::kEval, 3).size() == 30);
  CHECK(mnist.linears()[mnist.linears().size() - 2]->output().height == 7);
}

TEST_CASE("linear layers have a bias unless a normalizer follows at once", "[nn]") {
  const auto has_bias = [](const char* network, const char* normalizer) {
    const Network n(Options(network, normalizer, {1, 2, 2}));
    CHECK(n.linears().back()->bias().size() == 10);
    return !n.linears().front()->bias().empty();
  };
  const char* before = R"({"name": "mlp", "hidden": [4]})";
  const char* after =
      R"({"name": "mlp", "hidden": [4], "normalizer_position": "after_activation"})";
  CHECK_FALSE(has_bias(before, R"({"name": "batch"})"));
  CHECK(has_bias(after, R"({"name": "batch"})"));
  CHECK(has_bias(before, R"({"name": "weight"})"));
  CHECK(has_bias(before, R"({"name": "none"})"));
}

TEST_CASE("initial weights depend on the seed and the layer alone", "[nn]") {
  const char* network = R"({"name": "cnn", "convolutions": [{"channels": 66}, {"channels": 96}]})";
  NetworkOptions options = Options(network, R"({"name": "none"})", {1, 8, 8});
  const Network none(options);
  for (const char* normalizer : kNormalizers) {
    const Network other(Options(network, normalizer, {1, 8, 8}));
    for (size_t i = 0; i < none.linears().size(); ++i) {
      const auto a = none.linears()[i]->weight(), b = other.linears()[i]->weight();
      CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end()));
    }
  }
  options.seed = 2;
  CHECK(Network(options).linears()[0]->weight()[0] != none.linears()[0]->weight()[0]);

  // He: deviation sqrt(2 / (66 * 9)); the deviation of 57,024 draws is right to 0.3 % (one sigma).
  double squares = 0;
  const auto weights = none.linears()[1]->weight();
  for (const float w : weights) squares += static_cast<double>(w) * static_cast<double>(w);
  CHECK(std::sqrt(squares / static_cast<double>(weights.size())) ==
        Approx(std::sqrt(2.0 / 594)).epsilon(0.015));
}

TEST_CASE("outputs do not depend on the batch that a sample is in", "[nn]") {
  Network network(Options(
      R"({"name": "cnn", "convolutions": [{"channels": 16}, {"channels": 32, "stride": 2}]})",
      R"({"name": "group", "groups": 4})", {3, 8, 8}));
  Random random(1, 1);
  std::vector<float> samples(static_cast<size_t>(7 * 192));
  for (float& x : samples) x = static_cast<float>(random.Gaussian());
  std::copy(samples.begin(), samples.end(), network.Input(7));
  const auto together = network.Forward(Mode::kEval, 7);
  for (size_t i = 0; i < 7; ++i) {
    std::copy_n(samples.begin() + static_cast<std::ptrdiff_t>(192 * i), 192, network.Input(1));
    const auto alone = network.Forward(Mode::kEval, 1);
    for (size_t k = 0; k < 10; ++k) {
      CHECK(alone[k] == Approx(together[10 * i + k]).epsilon(1e-4).margin(1e-5));
    }
  }
}

TEST_CASE("a network's config is checked", "[nn]") {
  const auto error_of = [](const char* text) {
    try {
      ReadNetworkConfig(Json::parse(text), "/network");
    } catch (const ConfigError& e) {
      return e.pointer();
    }
    return std::string("no error");
  };
  CHECK(error_of(R"({"name": "vgg"})") == "/network/name");
  CHECK(error_of(R"({"hidden": [1]})") == "/network");
  CHECK(error_of(R"({"name": "mlp", "hidden": []})") == "/network/hidden");
  CHECK(error_of(R"({"name": "mlp", "hidden": [4, 0]})") == "/network/hidden/1");
  CHECK(error_of(R"({"name": "mlp", "depth": 8})") == "/network/depth");
  CHECK(error_of(R"({"name": "mlp", "init_scale": 0})") == "/network/init_scale");
  CHECK(error_of(R"({"name": "mlp", "noise": 1})") == "/network/noise");
  CHECK(error_of(R"({"name": "mlp", "noise": {"mean": -1}})") == "/network/noise/mean");
  CHECK(error_of(R"({"name": "mlp", "noise": {"deviation": 0.5}})") == "/network/noise/deviation");
  CHECK(error_of(R"({"name": "mlp", "noise": {"spread": 1}})") == "/network/noise/spread");
  CHECK(error_of(R"({"name": "mlp", "noise": null})") == "no error");
  CHECK(error_of(R"({"name": "cnn"})") == "/network/convolutions");
  CHECK(error_of(R"({"name": "cnn", "convolutions": [{"channels": 2, "stride": 9}]})") ==
        "/network/convolutions/0/stride");
  CHECK(error_of(R"({"name": "cnn", "convolutions": [{"stride": 1}]})") ==
        "/network/convolutions/0");
  CHECK(error_of(R"({"name": "resnet", "depth": 18})") == "/network/depth");
  CHECK(error_of(R"({"name": "resnet", "depth": 8})") == "no error");
}

}  // namespace
}  // namespace normsweep
