#include "harness/experiments/check/identities.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "harness/experiments/check/fill.h"
#include "norms/random.h"
#include "norms/registry.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;
using Values = std::vector<double>;

// A normalizer fed float64 numbers, whatever type it works in.
class Runner {
 public:
  Runner(const std::string& backend, const std::string& name, Json options, const Shape& shape)
      : shape_(shape), normalizer_(Create({name, backend, std::move(options)}, shape)) {}

  // gamma and beta of every parameter index, the same for equal indices of different normalizers.
  void SetAffine(const std::function<double(int64_t)>& gamma,
                 const std::function<double(int64_t)>& beta) {
    for (const Parameter& parameter : normalizer_->Parameters()) {
      const auto& value = parameter.name == "gamma" ? gamma : beta;
      for (int64_t i = 0; i < parameter.value.shape.Elements(); ++i)
        Set(parameter.value, i, value(i));
    }
  }

  Values Forward(Mode mode, const Values& x) {
    Values y(x.size());
    if (normalizer_->Info().data_type == DataType::kFloat64) {
      normalizer_->Forward(mode, {x.data(), shape_}, {y.data(), shape_});
      return y;
    }
    const std::vector<float> x32(x.begin(), x.end());
    std::vector<float> y32(x.size());
    normalizer_->Forward(mode, {x32.data(), shape_}, {y32.data(), shape_});
    return {y32.begin(), y32.end()};
  }

  Values Backward(const Values& x, const Values& dy) {
    Values dx(x.size());
    if (normalizer_->Info().data_type == DataType::kFloat64) {
      normalizer_->Backward({x.data(), shape_}, {dy.data(), shape_}, {dx.data(), shape_});
      return dx;
    }
    const std::vector<float> x32(x.begin(), x.end()), dy32(dy.begin(), dy.end());
    std::vector<float> dx32(x.size());
    normalizer_->Backward({x32.data(), shape_}, {dy32.data(), shape_}, {dx32.data(), shape_});
    return {dx32.begin(), dx32.end()};
  }

  SetStatistics Statistics() const { return normalizer_->Statistics(); }

 private:
  Shape shape_;
  std::unique_ptr<Normalizer> normalizer_;
};

// With one group, which divides any number of channels.
Json OptionsOf(const std::string& name) {
  return name == "group" ? Json{{"groups", 1}} : Json::object();
}

struct Pair {
  Values a, b;
};

double Gamma(int64_t c) { return 0.5 + 0.25 * static_cast<double>(c % 5); }
double Beta(int64_t c) { return -1 + 0.5 * static_cast<double>(c % 3); }

Values Draw(const Shape& shape, uint64_t stream, double mean) {
  Random random(22, stream);
  Values values(static_cast<size_t>(shape.Elements()));
  for (double& v : values) v = static_cast<double>(static_cast<float>(mean + random.Gaussian()));
  return values;
}

constexpr std::array<std::array<int64_t, 3>, 6> kSizes = {
    {{1, 3, 49}, {2, 1, 7}, {2, 6, 1}, {2, 17, 49}, {5, 3, 7}, {6, 12, 4}}};

// The worst of `body` over shapes and layouts; it skips a shape by returning nothing.
IdentityResult Over(const std::function<Pair(const Shape&)>& body) {
  IdentityResult result;
  for (const auto& size : kSizes) {
    for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
      const Shape shape{size[0], size[1], size[2], layout};
      const Pair pair = body(shape);
      if (pair.a.empty() && pair.b.empty()) continue;
      ++result.comparisons;
      const double error = RelativeDifference(pair.a, pair.b);
      result.error = std::max(result.error, error);
      if (result.at.empty() || error == result.error) result.at = shape.ToString();
    }
  }
  return result;
}

void Append(Values* to, const Values& values) {
  to->insert(to->end(), values.begin(), values.end());
}

// y and dx of two normalizers that must be one and the same on this shape.
Pair Both(Runner a, Runner b, const Shape& shape, Mode mode) {
  const Values x = Draw(shape, 0, 1), dy = Draw(shape, 1, 0);
  Pair pair;
  a.SetAffine(Gamma, Beta);
  b.SetAffine(Gamma, Beta);
  pair.a = a.Forward(mode, x);
  pair.b = b.Forward(mode, x);
  Append(&pair.a, a.Backward(x, dy));
  Append(&pair.b, b.Backward(x, dy));
  return pair;
}

IdentityResult GroupOneIsLayer(const std::string& backend) {
  return Over([&](const Shape& shape) {
    return Both({backend, "group", {{"groups", 1}}, shape},
                {backend, "layer", {{"affine", "channel"}}, shape}, shape, Mode::kTrain);
  });
}

IdentityResult GroupCIsInstance(const std::string& backend) {
  return Over([&](const Shape& shape) {
    return Both({backend, "group", {{"groups", shape.c}}, shape},
                {backend, "instance", Json::object(), shape}, shape, Mode::kBatchStatistics);
  });
}

IdentityResult BatchOfOneIsInstance(const std::string& backend) {
  return Over([&](Shape shape) {
    shape.n = 1;
    return Both({backend, "batch", Json::object(), shape},
                {backend, "instance", Json::object(), shape}, shape, Mode::kBatchStatistics);
  });
}

IdentityResult RenormWithoutRoomIsBatch(const std::string& backend) {
  return Over([&](const Shape& shape) {
    return Both({backend, "batch_renorm", {{"r_max", 1}, {"d_max", 0}}, shape},
                {backend, "batch", Json::object(), shape}, shape, Mode::kTrain);
  });
}

IdentityResult RenormOfBatchStatisticsIsBatch(const std::string& backend) {
  return Over([&](const Shape& shape) {
    return Both({backend, "batch_renorm", Json::object(), shape},
                {backend, "batch", Json::object(), shape}, shape, Mode::kBatchStatistics);
  });
}

IdentityResult SubBatchesOfAllAreBatch(const std::string& backend) {
  return Over([&](const Shape& shape) {
    return Both({backend, "batch", {{"normalization_batch_size", shape.n}}, shape},
                {backend, "batch", Json::object(), shape}, shape, Mode::kTrain);
  });
}

IdentityResult SubBatchesOfOneAreInstance(const std::string& backend) {
  return Over([&](const Shape& shape) {
    return Both({backend, "batch", {{"normalization_batch_size", 1}}, shape},
                {backend, "instance", Json::object(), shape}, shape, Mode::kBatchStatistics);
  });
}

IdentityResult AffineUndoesBatch(const std::string& backend) {
  return Over([&](const Shape& shape) {
    Runner batch(backend, "batch", Json::object(), shape);
    const Values x = Draw(shape, 0, 1);
    batch.Forward(Mode::kTrain, x);
    const SetStatistics s = batch.Statistics();
    batch.SetAffine([&](int64_t c) { return std::sqrt(s.variance[static_cast<size_t>(c)] + 1e-5); },
                    [&](int64_t c) { return s.mean[static_cast<size_t>(c)]; });
    return Pair{batch.Forward(Mode::kTrain, x), x};
  });
}

// a x + b in gives the same out: eps 0, since eps is what breaks it. a is a power of two, so that
// float32 keeps x's bits but for b.
template <const char* kName>
IdentityResult ScaleAndShiftVanish(const std::string& backend) {
  return Over([&](const Shape& shape) {
    if (std::string(kName) == "instance" && shape.s == 1) return Pair{};  // 0 / 0
    Json options = OptionsOf(kName);
    options["eps"] = 0;
    Runner normalizer(backend, kName, options, shape);
    const Values x = Draw(shape, 0, 0);
    Values moved = x;
    for (double& value : moved) value = 4 * value + 3;
    return Pair{normalizer.Forward(Mode::kBatchStatistics, moved),
                normalizer.Forward(Mode::kBatchStatistics, x)};
  });
}

// The scale of a weight's rows does not matter to g v / ||v||, nor that of all of it to w / sigma.
template <const char* kName>
IdentityResult ScaleVanishes(const std::string& backend) {
  return Over([&](const Shape& shape) {
    Runner normalizer(backend, kName, Json::object(), shape);
    const Values x = Draw(shape, 0, 1);
    Values moved = x;
    for (double& value : moved) value *= 4;
    return Pair{normalizer.Forward(Mode::kEval, moved), normalizer.Forward(Mode::kEval, x)};
  });
}

template <const char* kName>
IdentityResult SamplesMayBePermuted(const std::string& backend) {
  return Over([&](const Shape& shape) {
    const Json options = OptionsOf(kName);
    Runner normalizer(backend, kName, options, shape);
    const int64_t sample = shape.c * shape.s;
    const auto rotate = [&](const Values& values) {
      Values rotated = values;
      std::rotate(rotated.begin(), rotated.begin() + sample, rotated.end());
      return rotated;
    };
    const Values x = Draw(shape, 0, 1), dy = Draw(shape, 1, 0);
    Pair pair;
    pair.a = normalizer.Forward(Mode::kBatchStatistics, rotate(x));
    Append(&pair.a, normalizer.Backward(rotate(x), rotate(dy)));
    pair.b = rotate(normalizer.Forward(Mode::kBatchStatistics, x));
    Append(&pair.b, rotate(normalizer.Backward(x, dy)));
    return pair;
  });
}

// The moments of a batch are those of its two halves merged (Chan et al. 1979).
IdentityResult HalvesMerge(const std::string& backend) {
  return Over([&](Shape shape) {
    shape.n *= 2;
    Shape half = shape;
    half.n /= 2;
    const Values x = Draw(shape, 0, 1);
    const auto statistics = [&](const Shape& part, const Values& values) {
      Runner batch(backend, "batch", Json::object(), part);
      batch.Forward(Mode::kBatchStatistics, values);
      return batch.Statistics();
    };
    const auto middle = x.begin() + half.Elements();
    const SetStatistics whole = statistics(shape, x), a = statistics(half, {x.begin(), middle}),
                        b = statistics(half, {middle, x.end()});
    Pair pair{{}, whole.mean};
    Append(&pair.b, whole.variance);
    for (size_t c = 0; c < a.mean.size(); ++c) pair.a.push_back((a.mean[c] + b.mean[c]) / 2);
    for (size_t c = 0; c < a.mean.size(); ++c) {
      const double apart = (a.mean[c] - b.mean[c]) / 2;
      pair.a.push_back((a.variance[c] + b.variance[c]) / 2 + apart * apart);
    }
    return pair;
  });
}

// The two layouts hold the same tensor.
template <const char* kName>
IdentityResult LayoutsAgree(const std::string& backend) {
  return Over([&](const Shape& shape) {
    Shape other = shape;
    other.layout =
        shape.layout == Layout::kChannelsFirst ? Layout::kChannelsLast : Layout::kChannelsFirst;
    const Json options = OptionsOf(kName);
    const auto move = [&](const Values& values) {
      Values moved(values.size());
      ForEachElement(shape, [&](int64_t offset, int64_t n, int64_t c, int64_t element) {
        const int64_t place = shape.layout == Layout::kChannelsFirst
                                  ? element % shape.s * shape.c + c
                                  : c * shape.s + element / shape.c;
        moved[static_cast<size_t>(n * shape.c * shape.s + place)] =
            values[static_cast<size_t>(offset)];
      });
      return moved;
    };
    Runner here(backend, kName, options, shape), there(backend, kName, options, other);
    const Values x = Draw(shape, 0, 1), dy = Draw(shape, 1, 0);
    Pair pair{move(here.Forward(Mode::kBatchStatistics, x)),
              there.Forward(Mode::kBatchStatistics, move(x))};
    Append(&pair.a, move(here.Backward(x, dy)));
    Append(&pair.b, there.Backward(move(x), move(dy)));
    return pair;
  });
}

// A fused relu is relu of what comes without it, and lets the same gradient through.
template <const char* kName>
IdentityResult FusedReluIsRelu(const std::string& backend) {
  return Over([&](const Shape& shape) {
    const Json options = OptionsOf(kName);
    Json with_relu = options;
    with_relu["activation"] = "relu";
    Runner fused(backend, kName, with_relu, shape), plain(backend, kName, options, shape);
    fused.SetAffine(Gamma, Beta);
    plain.SetAffine(Gamma, Beta);
    const Values x = Draw(shape, 0, 1), dy = Draw(shape, 1, 0);
    Pair pair{fused.Forward(Mode::kBatchStatistics, x), plain.Forward(Mode::kBatchStatistics, x)};
    Values dz = dy;
    for (size_t i = 0; i < dz.size(); ++i) {
      if (pair.b[i] <= 0) pair.b[i] = dz[i] = 0;
    }
    Append(&pair.a, fused.Backward(x, dy));
    Append(&pair.b, plain.Backward(x, dz));
    return pair;
  });
}

constexpr char kBatch[] = "batch", kLayer[] = "layer", kInstance[] = "instance", kGroup[] = "group",
               kWeightName[] = "weight", kSpectral[] = "spectral", kRenorm[] = "batch_renorm";

constexpr std::array kIdentities = {
    Identity{"group(1) = layer", GroupOneIsLayer},
    Identity{"group(C) = instance", GroupCIsInstance},
    Identity{"batch at N = 1 = instance", BatchOfOneIsInstance},
    Identity{"batch_renorm(r_max 1, d_max 0) = batch", RenormWithoutRoomIsBatch},
    Identity{"batch_renorm with batch statistics = batch", RenormOfBatchStatisticsIsBatch},
    Identity{"one sub-batch of all = batch", SubBatchesOfAllAreBatch},
    Identity{"sub-batches of one = instance", SubBatchesOfOneAreInstance},
    Identity{"gamma = deviation, beta = mean undo batch", AffineUndoesBatch},
    Identity{"batch of a x + b = batch of x", ScaleAndShiftVanish<kBatch>},
    Identity{"layer of a x + b = layer of x", ScaleAndShiftVanish<kLayer>},
    Identity{"instance of a x + b = instance of x", ScaleAndShiftVanish<kInstance>},
    Identity{"group of a x + b = group of x", ScaleAndShiftVanish<kGroup>},
    Identity{"weight of a v = weight of v", ScaleVanishes<kWeightName>},
    Identity{"spectral of a w = spectral of w", ScaleVanishes<kSpectral>},
    Identity{"batch of permuted samples is permuted", SamplesMayBePermuted<kBatch>},
    Identity{"layer of permuted samples is permuted", SamplesMayBePermuted<kLayer>},
    Identity{"instance of permuted samples is permuted", SamplesMayBePermuted<kInstance>},
    Identity{"group of permuted samples is permuted", SamplesMayBePermuted<kGroup>},
    Identity{"moments of two halves merge", HalvesMerge},
    Identity{"batch does not depend on the layout", LayoutsAgree<kBatch>},
    Identity{"layer does not depend on the layout", LayoutsAgree<kLayer>},
    Identity{"instance does not depend on the layout", LayoutsAgree<kInstance>},
    Identity{"group does not depend on the layout", LayoutsAgree<kGroup>},
    Identity{"batch with relu = relu of batch", FusedReluIsRelu<kBatch>},
    Identity{"batch_renorm with relu = relu of batch_renorm", FusedReluIsRelu<kRenorm>},
    Identity{"layer with relu = relu of layer", FusedReluIsRelu<kLayer>},
    Identity{"instance with relu = relu of instance", FusedReluIsRelu<kInstance>},
    Identity{"group with relu = relu of group", FusedReluIsRelu<kGroup>},
};

}  // namespace

std::span<const Identity> Identities() { return kIdentities; }

double RelativeDifference(std::span<const double> a, std::span<const double> b) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) return kInfinity;
  double largest = 0, difference = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double d = std::abs(a[i] - b[i]);
    if (!std::isfinite(d)) return kInfinity;
    difference = std::max(difference, d);
    largest = std::max(largest, std::abs(b[i]));
  }
  return largest > 0 ? difference / largest : difference;
}

double IdentityTolerance(const std::string& backend) {
  // float32: two results of a few units each, and a x + b rounds x itself (8 units of the last
  // place of values near 1). float64: sums of at most 833 values.
  return backend == "reference" ? 1e-12 : 64 * 0x1p-24;
}

}  // namespace normsweep
