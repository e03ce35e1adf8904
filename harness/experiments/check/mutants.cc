#include "harness/experiments/check/mutants.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <utility>
#include <vector>

#include "harness/experiments/check/fill.h"
#include "harness/experiments/check/kink.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

// What a mutation sees: the right normalizer after its Forward or Backward, and the tensors.
struct Context {
  Normalizer* inner;
  NormalizerSpec spec;
  Shape shape;
  Mode mode;
  const float* x;
  const float* dy;  // backward only
  float* out;       // y or dx as the right one made it; to be spoiled

  double Option(const char* name) const { return inner->Info().options.at(name).get<double>(); }
  double Value(const std::string& parameter, int64_t i, double otherwise) const {
    const Parameter* found = FindNamed(inner->Parameters(), parameter);
    if (found == nullptr) return otherwise;
    return Get(found->value, std::min(i, found->value.shape.Elements() - 1));
  }
  double Gamma(int64_t c) const { return Value("gamma", c, 1); }
  double Beta(int64_t c) const { return Value("beta", c, 0); }

  // Calls body(offset, set, c) for every value.
  template <class Body>
  void ForEachValue(const Body& body) const {
    ForEachElement(shape, [&](int64_t offset, int64_t n, int64_t c, int64_t) {
      body(offset, static_cast<size_t>(SetIndex(spec, shape, n, c)), c);
    });
  }
};

struct Hooks {
  std::function<void(nlohmann::json* options)> options;
  std::function<Mode(Mode)> mode;
  std::function<void(const Context&)> forward;
  std::function<void(const Context&)> backward;
};

// The right normalizer inside, spoiled by hooks.
class Spoiled final : public Normalizer {
 public:
  Spoiled(std::unique_ptr<Normalizer> inner, NormalizerSpec spec, const Shape& shape, Hooks hooks)
      : Normalizer(inner->Info(), shape),
        inner_(std::move(inner)),
        spec_(std::move(spec)),
        hooks_(std::move(hooks)) {}

  std::span<const Parameter> Parameters() override { return inner_->Parameters(); }
  std::span<const Buffer> Buffers() override { return inner_->Buffers(); }
  Cost ForwardCost(Mode mode) const override { return inner_->ForwardCost(mode); }
  Cost BackwardCost(Mode mode) const override { return inner_->BackwardCost(mode); }

 private:
  void DoInit(ConstTensorView x, uint64_t seed) override { inner_->Init(x, seed); }
  SetStatistics DoStatistics() const override { return inner_->Statistics(); }

  void DoForward(Mode mode, ConstTensorView x, TensorView y) override {
    inner_->Forward(hooks_.mode ? hooks_.mode(mode) : mode, x, y);
    if (hooks_.forward) {
      hooks_.forward({inner_.get(), spec_, shape(), mode, x.As<float>(), nullptr, y.As<float>()});
    }
  }

  void DoBackward(Mode mode, ConstTensorView x, ConstTensorView dy, TensorView dx) override {
    inner_->Backward(x, dy, dx);
    if (hooks_.backward) {
      hooks_.backward(
          {inner_.get(), spec_, shape(), mode, x.As<float>(), dy.As<float>(), dx.As<float>()});
    }
  }

  std::unique_ptr<Normalizer> inner_;
  NormalizerSpec spec_;
  Hooks hooks_;
};

// y - beta times factor(biased variance, values in the set), where the batch's own statistics are
// used.
void Rescale(const Context& context, const std::function<double(double, double)>& factor) {
  const SetStatistics s = context.inner->Statistics();
  if (s.count == 0) return;
  context.ForEachValue([&](int64_t offset, size_t set, int64_t c) {
    const double beta = context.Beta(c);
    context.out[offset] =
        static_cast<float>(beta + (static_cast<double>(context.out[offset]) - beta) *
                                      factor(s.variance[set], static_cast<double>(s.count)));
  });
}

void EpsOutsideRoot(const Context& context) {
  const double eps = context.Option("eps");
  Rescale(context, [eps](double variance, double) {
    return std::sqrt(variance + eps) / (std::sqrt(variance) + eps);
  });
}

void UnbiasedNormalization(const Context& context) {
  const double eps = context.Option("eps");
  Rescale(context, [eps](double variance, double m) {
    return std::sqrt((variance + eps) / (variance * m / std::max(1.0, m - 1) + eps));
  });
}

// k = 1 / sqrt(variance + eps) and the mean of every set, and its sums of `weight(c)` dy and of
// weight(c) dy x^.
struct Sums {
  std::vector<double> mean, k, g, gx;
  double count;
};

Sums SumsOf(const Context& context, const std::function<double(int64_t)>& weight) {
  const SetStatistics s = context.inner->Statistics();
  Sums sums{s.mean,
            {},
            std::vector<double>(s.mean.size()),
            std::vector<double>(s.mean.size()),
            static_cast<double>(s.count)};
  const double eps = context.Option("eps");
  for (const double variance : s.variance) sums.k.push_back(1 / std::sqrt(variance + eps));
  if (s.count == 0) return sums;
  context.ForEachValue([&](int64_t offset, size_t set, int64_t c) {
    const double g = weight(c) * static_cast<double>(context.dy[offset]);
    sums.g[set] += g;
    sums.gx[set] += g * (static_cast<double>(context.x[offset]) - sums.mean[set]) * sums.k[set];
  });
  return sums;
}

// dx from the set's sums of g, g = dy gamma being right or, for oneDNN #3543, left out of the sums.
void BackwardFromSums(const Context& context, bool gamma_in_sums, bool mean_term, bool scale_term) {
  const Sums sums =
      SumsOf(context, [&](int64_t c) { return gamma_in_sums ? context.Gamma(c) : 1.0; });
  if (sums.count == 0) return;
  context.ForEachValue([&](int64_t offset, size_t set, int64_t c) {
    const double normalized =
        (static_cast<double>(context.x[offset]) - sums.mean[set]) * sums.k[set];
    const double inside = gamma_in_sums ? context.Gamma(c) : 1.0;
    const double outside = gamma_in_sums ? 1.0 : context.Gamma(c);
    const double dx = inside * static_cast<double>(context.dy[offset]) -
                      (mean_term ? sums.g[set] / sums.count : 0) -
                      (scale_term ? normalized * sums.gx[set] / sums.count : 0);
    context.out[offset] = static_cast<float>(outside * sums.k[set] * dx);
  });
}

// r and d differentiated: inside their limits y = gamma (x - running_mean) / running_sigma + beta,
// with the running statistics from before the update.
void RenormWithoutStopGradient(const Context& context) {
  if (context.mode != Mode::kTrain) return;
  const SetStatistics s = context.inner->Statistics();
  const double eps = context.Option("eps");
  context.ForEachValue([&](int64_t offset, size_t set, int64_t c) {
    const double gain = context.Gamma(c) * s.r[set] / std::sqrt(s.variance[set] + eps);
    context.out[offset] = static_cast<float>(gain * static_cast<double>(context.dy[offset]));
  });
}

// The variance as float32 E[x^2] - E[x]^2 around zero.
void SquaresAroundZero(const Context& context) {
  const SetStatistics s = context.inner->Statistics();
  if (s.count == 0) return;
  std::vector<float> sum(s.mean.size()), square(s.mean.size());
  context.ForEachValue([&](int64_t offset, size_t set, int64_t) {
    sum[set] += context.x[offset];
    square[set] += context.x[offset] * context.x[offset];
  });
  const auto m = static_cast<float>(s.count);
  const double eps = context.Option("eps");
  context.ForEachValue([&](int64_t offset, size_t set, int64_t c) {
    const float mean = sum[set] / m;
    const double variance = std::max(0.0, static_cast<double>(square[set] / m - mean * mean));
    context.out[offset] =
        static_cast<float>((static_cast<double>(context.x[offset]) - static_cast<double>(mean)) /
                               std::sqrt(variance + eps) * context.Gamma(c) +
                           context.Beta(c));
  });
}

// dgamma = k (sum(dy x) - mean sum(dy)) in float32 instead of from dy (x - mean).
void GammaFromUncenteredSums(const Context& context) {
  const SetStatistics s = context.inner->Statistics();
  const Parameter* gamma = FindNamed(context.inner->Parameters(), "gamma");
  if (s.count == 0 || gamma == nullptr) return;
  std::vector<float> products(s.mean.size()), gradients(s.mean.size());
  context.ForEachValue([&](int64_t offset, size_t set, int64_t) {
    products[set] += context.dy[offset] * context.x[offset];
    gradients[set] += context.dy[offset];
  });
  for (int64_t c = 0; c < context.shape.c; ++c) {
    const auto set = static_cast<size_t>(c);  // batch without sub-batches: a set is a channel
    const float centered = products[set] - static_cast<float>(s.mean[set]) * gradients[set];
    Set(gamma->gradient, c,
        static_cast<double>(centered) / std::sqrt(s.variance[set] + context.Option("eps")));
  }
}

// Gradients assigned instead of added.
void OverwriteGradients(const Context& context) {
  for (const Parameter& parameter : context.inner->Parameters()) {
    for (int64_t i = 0; i < parameter.gradient.shape.Elements(); ++i) {
      Set(parameter.gradient, i, Get(parameter.gradient, i) - 1);  // the check starts them at 1
    }
  }
}

// A weight's backward as if its length (weight) or sigma (spectral) were constant.
void LengthConstant(const Context& context) {
  std::vector<float> y(static_cast<size_t>(context.shape.Elements()));
  context.inner->Forward(Mode::kEval, {context.x, context.shape}, {y.data(), context.shape});
  ForEachElement(context.shape, [&](int64_t offset, int64_t, int64_t, int64_t) {
    const float x = context.x[offset];
    if (x != 0) context.out[offset] = context.dy[offset] * y[static_cast<size_t>(offset)] / x;
  });
}

// dx of a fused relu whose mask passes where passes(x, z, beta).
void MaskFrom(const Context& context, const std::function<bool(float, float, double)>& passes) {
  if (!HasFusedRelu(context.spec)) return;
  const auto plain = MakeWithoutActivation(context.spec, context.shape, context.inner);
  std::vector<float> z(static_cast<size_t>(context.shape.Elements())), dz = z;
  plain->Forward(context.mode, {context.x, context.shape}, {z.data(), context.shape});
  context.ForEachValue([&](int64_t offset, size_t, int64_t c) {
    const auto at = static_cast<size_t>(offset);
    const bool passed = passes(context.x[offset], z[at], context.Beta(c));
    dz[at] = passed ? context.dy[offset] : 0;
  });
  plain->Backward({context.x, context.shape}, {dz.data(), context.shape},
                  {context.out, context.shape});
}

bool MaskOfInput(float x, float /*z*/, double /*beta*/) { return x > 0; }
bool MaskWithoutBeta(float /*x*/, float z, double beta) { return static_cast<double>(z) > beta; }
bool NoMask(float /*x*/, float /*z*/, double /*beta*/) { return true; }

void FlipMomentum(nlohmann::json* options) {
  const bool old_weights = options->value("momentum_weights", "new") == "old";
  (*options)["momentum_weights"] = old_weights ? "new" : "old";
}

void FlipRunningVariance(nlohmann::json* options) {
  const bool biased = options->value("running_variance", "unbiased") == "biased";
  (*options)["running_variance"] = biased ? "unbiased" : "biased";
}

void NoLimits(nlohmann::json* options) {
  (*options)["r_max"] = 1e6;
  (*options)["d_max"] = 1e6;
}

Mode BatchInsteadOfRunning(Mode mode) {
  return mode == Mode::kEval ? Mode::kBatchStatistics : mode;
}

struct Row {
  Mutant mutant;
  Hooks hooks;
};

const std::vector<Row>& Rows() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> all;
    const auto add = [&](const char* name, const char* normalizer, const char* mistake,
                         Hooks hooks) {
      all.push_back({{name, normalizer, mistake}, std::move(hooks)});
    };
    constexpr const char* kOutsideRoot = "divides by sqrt(variance) + eps";
    const auto backward = [](bool gamma, bool mean, bool scale) {
      return Hooks{{}, {}, {}, [=](const Context& c) { BackwardFromSums(c, gamma, mean, scale); }};
    };
    const auto mask = [](bool (*passes)(float, float, double)) {
      return Hooks{{}, {}, {}, [=](const Context& c) { MaskFrom(c, passes); }};
    };
    add("biased-running-variance", "batch", "running_var takes the other of biased and unbiased",
        {FlipRunningVariance, {}, {}, {}});
    add("momentum-flipped", "batch", "momentum weighs the old value", {FlipMomentum, {}, {}, {}});
    add("unbiased-normalization", "batch", "x is divided by the unbiased deviation",
        {{}, {}, UnbiasedNormalization, {}});
    add("batch-statistics-in-eval", "batch", "eval uses the batch's statistics",
        {{}, BatchInsteadOfRunning, {}, {}});
    add("squares-around-zero", "batch", "variance = E[x^2] - E[x]^2 in float32",
        {{}, {}, SquaresAroundZero, {}});
    add("uncentered-gamma-gradient", "batch", "dgamma from float32 sums of dy x",
        {{}, {}, {}, GammaFromUncenteredSums});
    add("gradients-overwritten", "batch", "gradients are assigned, not added",
        {{}, {}, {}, OverwriteGradients});
    add("mean-held-constant", "batch", "backward leaves out the mean's gradient",
        backward(true, false, true));
    add("variance-held-constant", "batch", "backward leaves out the variance's gradient",
        backward(true, true, false));
    add("renorm-momentum-flipped", "batch_renorm", "momentum weighs the old value",
        {FlipMomentum, {}, {}, {}});
    add("renorm-without-limits", "batch_renorm", "r and d are not clipped", {NoLimits, {}, {}, {}});
    add("renorm-without-stop-gradient", "batch_renorm", "r and d are differentiated",
        {{}, {}, {}, RenormWithoutStopGradient});
    add("eps-outside-root-batch", "batch", kOutsideRoot, {{}, {}, EpsOutsideRoot, {}});
    add("eps-outside-root-layer", "layer", kOutsideRoot, {{}, {}, EpsOutsideRoot, {}});
    add("eps-outside-root-instance", "instance", kOutsideRoot, {{}, {}, EpsOutsideRoot, {}});
    add("eps-outside-root-group", "group", kOutsideRoot, {{}, {}, EpsOutsideRoot, {}});
    add("gamma-left-out-of-sums-group", "group",
        "the sums of dy over a group leave out gamma (uxlfoundation/oneDNN#3543)",
        backward(false, true, true));
    add("gamma-left-out-of-sums-layer", "layer", "the same in layer norm",
        backward(false, true, true));
    add("relu-mask-of-input", "batch", "backward takes relu's mask from x", mask(MaskOfInput));
    add("relu-mask-without-beta", "batch", "backward's mask leaves out beta",
        mask(MaskWithoutBeta));
    add("relu-mask-without-beta-group", "group", "the same in group norm", mask(MaskWithoutBeta));
    add("relu-not-masked", "instance", "backward leaves out relu's mask", mask(NoMask));
    add("weight-length-constant", "weight", "backward takes ||v|| for a constant",
        {{}, {}, {}, LengthConstant});
    add("spectral-sigma-constant", "spectral", "backward takes sigma for a constant",
        {{}, {}, {}, LengthConstant});
    return all;
  }();
  return rows;
}

}  // namespace

std::span<const Mutant> Mutants() {
  static const std::vector<Mutant> mutants = [] {
    std::vector<Mutant> all;
    for (const Row& row : Rows()) all.push_back(row.mutant);
    return all;
  }();
  return mutants;
}

Creator WithControl() {
  return [](const NormalizerSpec& spec, const Shape& shape, std::string* why_not) {
    std::unique_ptr<Normalizer> made = Create(spec, shape, why_not);
    if (made == nullptr || spec.backend != "native") return made;
    return std::unique_ptr<Normalizer>(
        std::make_unique<Spoiled>(std::move(made), spec, shape, Hooks{}));
  };
}

Creator WithMutant(const std::string& name) {
  for (const Row& row : Rows()) {
    if (name != row.mutant.name) continue;
    return [&row](const NormalizerSpec& spec, const Shape& shape, std::string* why_not) {
      if (spec.name != row.mutant.normalizer || spec.backend != "native") {
        return Create(spec, shape, why_not);
      }
      NormalizerSpec inner = spec;
      if (row.hooks.options) row.hooks.options(&inner.options);
      std::unique_ptr<Normalizer> made = Create(inner, shape, why_not);
      return std::unique_ptr<Normalizer>(
          std::make_unique<Spoiled>(std::move(made), inner, shape, row.hooks));
    };
  }
  throw UnknownNameError("unknown mutant \"" + name + "\", expected one of" +
                         QuotedNames(Mutants(), &Mutant::name));
}

}  // namespace normsweep
