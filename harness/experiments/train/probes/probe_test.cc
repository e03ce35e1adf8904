#include "harness/experiments/train/probes/probe.h"

#include <algorithm>
#include <cmath>

#include "harness/experiments/train/probes/covariate_shift.h"
#include "harness/experiments/train/probes/input_percentiles.h"
#include "harness/experiments/train/probes/landscape.h"
#include "harness/experiments/train/probes/saved_network.h"
#include "harness/experiments/train/probes/start_statistics.h"
#include "norms/random.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

NetworkOptions Options(const char* normalizer, ActivationKind activation = ActivationKind::kTanh) {
  NetworkOptions options;
  if (std::string(normalizer) == "group") options.normalizer.options["groups"] = 1;
  options.network.kind = NetworkKind::kMlp;
  options.network.hidden = {4, 3};
  options.network.activation = activation;
  options.normalizer.name = normalizer;
  options.input = {3, 1, 1};
  options.classes = 3;
  return options;
}

Dataset Data(int64_t count) {
  Random random(7, 7);
  Dataset data;
  data.shape = {3, 1, 1};
  data.classes = 3;
  for (int64_t i = 0; i < count; ++i) {
    data.train.labels.push_back(static_cast<int32_t>(i % 3));
    for (int c = 0; c < 3; ++c) {
      data.train.images.push_back(static_cast<float>(0.3 * c + random.Gaussian()));
    }
  }
  data.validation = data.test = data.train;
  return data;
}

std::vector<float> Values(Network* network) {
  std::vector<float> values;
  for (const TrainedBlock& block : network->Parameters()) {
    values.insert(values.end(), block.value, block.value + block.count);
  }
  return values;
}

double Squares(std::span<const float> v) {
  double sum = 0;
  for (const float x : v) sum += static_cast<double>(x) * static_cast<double>(x);
  return sum;
}

ProbedStep StepOf(Network* network, const Dataset& data, double rate) {
  return {network, 0, rate, data.train.images, data.train.labels};
}

TEST_CASE("a batch's gradient is the slope of its loss, and leaves no trace", "[train]") {
  // Not batch_renorm, whose r and d move with the weights but are constants in backward.
  for (const char* name : {"none", "batch", "layer", "group", "weight", "spectral"}) {
    for (const int64_t n : {2, 7}) {
      CAPTURE(name, n);
      const Dataset data = Data(n);
      Network network(Options(name));
      const std::vector<float> before = Values(&network);
      {
        SavedNetwork saved(&network);
        const auto at = [&] { return saved.Gradient(data.train.images, data.train.labels); };
        const BatchGradient here = at();
        saved.MoveTo(1e-3, here.gradient);
        const double below = at().loss;
        saved.MoveTo(-1e-3, here.gradient);
        const double above = at().loss;
        CHECK((above - below) / 2e-3 == Approx(Squares(here.gradient)).epsilon(0.01));
      }
      CHECK(Values(&network) == before);
      for (const TrainedBlock& block : network.Parameters()) {
        if (block.accumulates)
          CHECK(Squares({block.gradient, static_cast<size_t>(block.count)}) == 0);
      }
    }
  }
}

TEST_CASE("probes look as often as asked, the first time before the first step", "[train]") {
  for (const int64_t steps : {1, 2, 7, 100, 101}) {
    for (const int64_t times : {1, 2, 7, 20, 500}) {
      CAPTURE(steps, times);
      int64_t count = 0;
      for (int64_t s = 0; s < steps; ++s) count += IsProbed(s, steps, times) ? 1 : 0;
      CHECK(count == std::min(steps, times));
      CHECK(IsProbed(0, steps, times));
    }
  }
}

TEST_CASE("along a short way the loss falls by the gradient's square", "[train]") {
  const Dataset data = Data(6);
  Network network(Options("batch"));
  double squares = 0;
  {
    SavedNetwork saved(&network);
    squares = Squares(saved.Gradient(data.train.images, data.train.labels).gradient);
  }
  Landscape landscape({0.01, 0.03});
  const double rate = 0.1;
  landscape.Look(StepOf(&network, data, rate));
  CaseResult result;
  landscape.Put(&result);
  const double range = result.metrics["landscape_loss_range"];
  CHECK(range == Approx(0.02 * rate * squares).epsilon(0.05));
  CHECK(result.samples["landscape_loss_high"][0].get<double>() -
            result.samples["landscape_loss_low"][0].get<double>() ==
        Approx(range));
  // To first order the change grows with the distance, by which beta divides it again.
  const double low = result.samples["landscape_gradient_change_low"][0];
  const double high = result.samples["landscape_gradient_change_high"][0];
  CHECK(high == Approx(3 * low).epsilon(0.05));
  CHECK(result.metrics["landscape_beta"].get<double>() ==
        Approx(high / (0.03 * rate * std::sqrt(squares))).epsilon(0.05));
}

TEST_CASE("the order of the points along the gradient changes nothing", "[train]") {
  const Dataset data = Data(6);
  for (const char* name : {"batch", "batch_renorm", "spectral"}) {
    CAPTURE(name);
    const auto beta = [&](std::vector<double> multiples) {
      Network network(Options(name));
      Landscape landscape(std::move(multiples));
      landscape.Look(StepOf(&network, data, 0.1));
      CaseResult result;
      landscape.Put(&result);
      return result.metrics;
    };
    CHECK(beta({0.5, 1, 2, 4}) == beta({4, 2, 1, 0.5}));
  }
}

TEST_CASE("covariate shift is the change of a gradient when the layers below have moved",
          "[train]") {
  const Dataset data = Data(5);
  for (const char* name : {"none", "batch", "weight"}) {
    CAPTURE(name);
    Network network(Options(name));
    const auto metric = [&](double rate, const char* key) {
      CovariateShift shift;
      shift.Look(StepOf(&network, data, rate));
      CaseResult result;
      shift.Put(&result);
      return result.metrics[key].get<double>();
    };
    CHECK(metric(0, "covariate_shift_distance") == Approx(0).margin(1e-9));
    CHECK(metric(0, "covariate_shift_cosine") == Approx(1));
    CHECK(metric(1, "covariate_shift_distance") > 1e-3);
    CHECK(metric(1, "covariate_shift_cosine") < 1);
  }
  // Two hidden layers and the last one; by hand, without a normalizer: move layer 1, then 2.
  Network network(Options("none"));
  CovariateShift shift;
  shift.Look(StepOf(&network, data, 0.5));
  CaseResult result;
  shift.Put(&result);
  SavedNetwork saved(&network);
  const auto gradient_of = [&](size_t layer) {
    saved.Gradient(data.train.images, data.train.labels);
    const auto g = network.linears()[layer]->weight_gradient();
    return std::vector<float>(g.begin(), g.end());
  };
  const auto move = [&](size_t layer, const std::vector<float>& w, const std::vector<float>& b) {
    const auto weight = network.linears()[layer]->weight(), bias = network.linears()[layer]->bias();
    for (size_t i = 0; i < w.size(); ++i) weight[i] -= 0.5f * w[i];
    for (size_t i = 0; i < b.size(); ++i) bias[i] -= 0.5f * b[i];
  };
  const auto bias_of = [&](size_t layer) {
    const auto g = network.linears()[layer]->bias_gradient();
    return std::vector<float>(g.begin(), g.end());
  };
  const auto g0 = gradient_of(0), g1 = gradient_of(1), g2 = gradient_of(2);
  const auto b0 = bias_of(0), b1 = bias_of(1);
  const auto distance = [](const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) sum += std::pow(static_cast<double>(a[i] - b[i]), 2);
    return std::sqrt(sum);
  };
  move(0, g0, b0);
  const double second = distance(g1, gradient_of(1));
  move(1, g1, b1);
  const double third = distance(g2, gradient_of(2));
  CHECK(result.metrics["covariate_shift_distance"].get<double>() ==
        Approx((second + third) / 2).epsilon(1e-3));
}

TEST_CASE("percentiles of the last hidden units' inputs", "[train]") {
  const Dataset data = Data(21);
  NetworkOptions options = Options("none", ActivationKind::kSigmoid);
  options.network.hidden = {2};
  Network network(options);
  InputPercentiles percentiles(data.validation, 1);
  percentiles.Look(StepOf(&network, data, 0.1));
  const auto w = network.linears()[0]->weight();
  for (float& bias : network.linears()[0]->bias()) bias = 3;  // all inputs move by 3
  percentiles.Look(StepOf(&network, data, 0.1));
  CaseResult result;
  percentiles.Put(&result);
  std::vector<double> inputs;
  for (size_t i = 0; i < 21; ++i) {
    double t = 0;
    for (size_t c = 0; c < 3; ++c) {
      t += static_cast<double>(w[c]) * static_cast<double>(data.validation.images[3 * i + c]);
    }
    inputs.push_back(t);
  }
  std::sort(inputs.begin(), inputs.end());
  CHECK(result.samples["percentile_15"][0].get<double>() == Approx(inputs[3]));
  CHECK(result.samples["percentile_50"][0].get<double>() == Approx(inputs[10]));
  CHECK(result.samples["percentile_85"][0].get<double>() == Approx(inputs[17]));
  CHECK(result.samples["percentile_50"][1].get<double>() == Approx(inputs[10] + 3).epsilon(1e-4));
  CHECK(result.metrics["input_spread_drift"].get<double>() == Approx(0).margin(1e-5));
  CHECK(result.metrics["input_median_drift"].get<double>() > 0.5);
}

TEST_CASE("percentiles of sub-batches take what divides", "[train]") {
  const Dataset data = Data(21);
  NetworkOptions options = Options("batch", ActivationKind::kSigmoid);
  options.normalizer.options["normalization_batch_size"] = 4;
  Network network(options);
  InputPercentiles percentiles(data.validation, 4);
  percentiles.Look(StepOf(&network, data, 0.1));
  CaseResult result;
  percentiles.Put(&result);
  CHECK(result.samples["percentile_85"][0].get<double>() > 0);
}

TEST_CASE("in a fully connected network rho is 1", "[train]") {
  const Dataset data = Data(30);
  for (const int64_t n : {1, 2, 5}) {
    NetworkOptions options = Options("batch");
    options.normalizer.options["normalization_batch_size"] = 4;  // does not divide the samples
    Network network(options);
    StartStatistics statistics({data, options, n, 1});
    statistics.Look(StepOf(&network, data, 0.1));
    CaseResult result;
    statistics.Put(&result);
    CHECK(result.metrics["rho"].get<double>() == Approx(1));
    CHECK(result.metrics["rho_per_layer"].size() == 2);
    CHECK(result.metrics["rho_over_n"].get<double>() == Approx(1.0 / static_cast<double>(n)));
    CHECK(result.metrics["statistics_error"].get<double>() ==
          Approx(1 / std::sqrt(static_cast<double>(n))));
  }
  const NetworkOptions options = Options("none");
  Network none(options);
  StartStatistics statistics({data, options, 2, 1});
  statistics.Look(StepOf(&none, data, 0.1));
  CaseResult result;
  statistics.Put(&result);
  CHECK(result.metrics["rho"].is_null());
}

}  // namespace
}  // namespace normsweep
