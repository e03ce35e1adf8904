// The fused activation: relu of what the normalizer gives alone, to the bit where the loops are
// ours.
#include "norms/activation.h"

#include <omp.h>

#include <cmath>
#include <functional>
#include <limits>

#include "norms/errors.h"
#include "norms/layer/layer_norm.h"
#include "norms/registry.h"
#include "norms/testing/float64.h"

namespace normsweep::testing {
namespace {

constexpr const char* kNames[] = {"none", "batch", "batch_renorm", "layer", "instance", "group"};

// A normalizer of either element type, fed and read in float64 (float32 numbers survive it).
class Subject {
 public:
  Subject(const NormalizerSpec& spec, const Shape& shape, bool fill_parameters = true)
      : shape_(shape), normalizer_(Create(spec, shape)) {
    if (normalizer_ == nullptr || !fill_parameters) return;
    Random random(31, 0);
    for (const Parameter& p : normalizer_->Parameters()) {
      for (int64_t i = 0; i < p.value.shape.Elements(); ++i) Set(p.value, i, random.Gaussian());
    }
  }
  explicit operator bool() const { return normalizer_ != nullptr; }

  Values Forward(Mode mode, const Values& x, bool in_place = false) {
    return Typed([&](auto zero) {
      using T = decltype(zero);
      std::vector<T> in(x.begin(), x.end()), out(x.size());
      std::vector<T>& y = in_place ? in : out;
      normalizer_->Forward(mode, {in.data(), shape_}, {y.data(), shape_});
      return Values(y.begin(), y.end());
    });
  }

  // dx, and behind it the parameter gradients.
  Values Backward(const Values& x, const Values& dy, bool in_place = false) {
    for (const Parameter& p : normalizer_->Parameters()) {
      for (int64_t i = 0; i < p.gradient.shape.Elements(); ++i) Set(p.gradient, i, 0);
    }
    Values all = Typed([&](auto zero) {
      using T = decltype(zero);
      std::vector<T> in(x.begin(), x.end()), gradient(dy.begin(), dy.end()), out(x.size());
      std::vector<T>& dx = in_place ? gradient : out;
      normalizer_->Backward({in.data(), shape_}, {gradient.data(), shape_}, {dx.data(), shape_});
      return Values(dx.begin(), dx.end());
    });
    for (const Parameter& p : normalizer_->Parameters()) {
      for (int64_t i = 0; i < p.gradient.shape.Elements(); ++i) all.push_back(Get(p.gradient, i));
    }
    return all;
  }

 private:
  template <class Body>
  Values Typed(const Body& body) {
    return normalizer_->Info().data_type == DataType::kFloat64 ? body(0.0) : body(0.0F);
  }

  Shape shape_;
  std::unique_ptr<Normalizer> normalizer_;
};

NormalizerSpec Spec(const char* name, const char* backend, bool relu) {
  NormalizerSpec spec{name, backend, nlohmann::json::object()};
  if (spec.name == "group") spec.options["groups"] = 3;
  if (relu) spec.options["activation"] = "relu";
  return spec;
}

Values Float(Values values) {
  for (double& value : values) value = static_cast<double>(static_cast<float>(value));
  return values;
}

// Every normalizer, both layouts, N 1, 2 and 5, S 1 and odd, every mode in which it is defined.
void ForAll(const char* backend,
            const std::function<void(const char* name, const Shape&, Mode)>& body) {
  for (const char* name : kNames) {
    for (const Layout layout : kLayouts) {
      for (const int64_t n : {1, 2, 5}) {
        for (const int64_t s : {1, 7, 49}) {
          for (const Mode mode : kModes) {
            const Shape shape{n, 6, s, layout};
            const Values x(static_cast<size_t>(shape.Elements()), 1);
            Subject probe(Spec(name, backend, true), shape);
            try {
              if (!probe) continue;
              probe.Forward(mode, x);
            } catch (const ShapeError&) {
              continue;  // one value a set
            }
            INFO(name << " " << backend << " " << shape.ToString() << " " << Name(mode));
            body(name, shape, mode);
          }
        }
      }
    }
  }
}

TEST_CASE("a fused relu is relu of what comes without it, forward and backward") {
  for (const char* backend : {"native", "reference", "onednn", "onednn_composite"}) {
    int compared = 0;
    ForAll(backend, [&](const char* name, const Shape& shape, Mode mode) {
      Subject fused(Spec(name, backend, true), shape), plain(Spec(name, backend, false), shape);
      const Values x = Float(Gaussian(shape.Elements(), 1, 0.5));
      const Values dy = Float(Gaussian(shape.Elements(), 2));
      const Values z = plain.Forward(mode, x), y = fused.Forward(mode, x);
      Values expected_y = z, dz = dy;
      for (size_t i = 0; i < z.size(); ++i) {
        if (z[i] <= 0) expected_y[i] = dz[i] = 0;
      }
      const Values dx = fused.Backward(x, dy), expected_dx = plain.Backward(x, dz);
      if (std::string(backend) == "onednn" && std::string(name) == "batch") {
        CheckClose(y, expected_y, 1e-5);  // a fused primitive may be another kernel
        CheckClose(dx, expected_dx, 1e-5);
      } else {
        CHECK(y == expected_y);
        CHECK(dx == expected_dx);
      }
      ++compared;
    });
    CHECK(compared >= 36);
  }
}

TEST_CASE("in place gives the bits of out of place, with relu and without") {
  for (const bool relu : {false, true}) {
    ForAll("native", [&](const char* name, const Shape& shape, Mode mode) {
      const NormalizerSpec spec = Spec(name, "native", relu);
      Subject apart(spec, shape), in_place(spec, shape), back(spec, shape);
      const Values x = Float(Gaussian(shape.Elements(), 3, 0.5));
      const Values dy = Float(Gaussian(shape.Elements(), 4));
      CHECK(in_place.Forward(mode, x, true) == apart.Forward(mode, x));
      back.Forward(mode, x);
      CHECK(back.Backward(x, dy, true) == apart.Backward(x, dy));
    });
  }
}

// With eps 0, fresh running statistics, gamma 1 and beta 0: z = x. A NaN of x is one in dx, so that
// it is dbeta which shows what passes.
TEST_CASE("at 0 the gradient stops, at a NaN it passes") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Values x = {nan, -1, 0, -0.0, 2, 1e-30}, dy = {3, 4, 5, 6, 7, 8};
  for (const char* backend : {"native", "reference"}) {
    for (const char* name : {"none", "batch", "batch_renorm"}) {
      for (const Layout layout : kLayouts) {
        const Shape shape{2, 1, 3, layout};
        NormalizerSpec spec{name, backend, {{"activation", "relu"}}};
        if (spec.name != "none") spec.options["eps"] = 0;
        Subject normalizer(spec, shape, false);
        INFO(name << " " << backend << " " << shape.ToString());
        const Values y = normalizer.Forward(Mode::kEval, x);
        CHECK(std::isnan(y[0]));
        CheckClose(std::span(y).subspan(1), {0, 0, 0, 2, Float({1e-30})[0]});
        const Values gradients = normalizer.Backward(x, dy);
        if (spec.name == "none") CHECK(gradients == Values{3, 0, 0, 0, 7, 8});
        if (spec.name != "none") CHECK(gradients.back() == 3 + 7 + 8);
      }
    }
  }
}

// As the layer reference's own test: mean 4, sigma 3, z = -1, 1/3, 1, 3. What passes of dy is its
// last value, g = (0, 0, 0, 8): dx = (g - 2 - 6 (x - 4) / 9) / 3.
TEST_CASE("layer reference with relu, by hand, in both layouts") {
  for (const Layout layout : kLayouts) {
    const Shape shape{1, 2, 2, layout};
    const auto layer = Make(MakeLayerNormReference, {{"eps", 4}, {"activation", "relu"}}, shape);
    Assign(ParameterOf(layer.get(), "gamma"), InLayout({1, 2, 3, 4}, shape));
    Assign(ParameterOf(layer.get(), "beta"), InLayout({0, 1, 0, -1}, shape));
    const Values x = InLayout({1, 3, 5, 7}, shape);
    CheckClose(Forward(layer.get(), Mode::kTrain, shape, x), InLayout({0, 1.0 / 3, 1, 3}, shape));
    CheckClose(Backward(layer.get(), shape, x, InLayout({1, 0, 0, 2}, shape)),
               InLayout({0, -4.0 / 9, -8.0 / 9, 4.0 / 3}, shape));
    CheckClose(GradientOf(layer.get(), "gamma"), InLayout({0, 0, 0, 2}, shape));
    CheckClose(GradientOf(layer.get(), "beta"), InLayout({0, 0, 0, 2}, shape));
  }
}

// dy is 0 where z lies within 0.02 of the kink: the differences move z by about 1e-3 at most.
TEST_CASE("the reference's gradients through relu are those of its forward") {
  for (const char* name : kNames) {
    for (const Layout layout : kLayouts) {
      for (const Mode mode : kModes) {
        const Shape shape{2, 6, 7, layout};
        const auto fused = Create(Spec(name, "reference", true), shape);
        const auto plain = Create(Spec(name, "reference", false), shape);
        FillParameters(fused.get(), 5);
        FillParameters(plain.get(), 5);
        const Values x = Spread(shape.Elements(), 6);
        const Values z = Forward(plain.get(), mode, shape, x);
        Values dy = Gaussian(shape.Elements(), 7);
        int blocked = 0;
        for (size_t i = 0; i < z.size(); ++i) {
          if (std::abs(z[i]) < 0.02) dy[i] = 0;
          blocked += z[i] <= -0.02 ? 1 : 0;
        }
        CHECK(blocked > 9);
        for (const GradientError& of :
             CompareWithCentralDifferences(fused.get(), mode, shape, x, dy, plain.get())) {
          INFO(name << " " << Name(mode) << " " << shape.ToString() << " " << of.of);
          CHECK(of.error < 1e-9);
          CHECK(of.largest > 0);
        }
      }
    }
  }
}

TEST_CASE("the bits of a fused relu do not depend on the number of threads", "[threads]") {
  const int before = omp_get_max_threads();
  for (const char* name : kNames) {
    for (const Layout layout : kLayouts) {
      const Shape shape{5, 30, 501, layout};
      const Values x = Float(Gaussian(shape.Elements(), 8, 0.5));
      const auto step = [&](int threads) {
        omp_set_num_threads(threads);
        Subject normalizer(Spec(name, "native", true), shape);
        Values all = normalizer.Forward(Mode::kTrain, x);
        const Values gradients = normalizer.Backward(x, x);
        all.insert(all.end(), gradients.begin(), gradients.end());
        return all;
      };
      const Values expected = step(1);
      INFO(name << " " << Name(layout));
      for (const int threads : {2, 3, 8}) CHECK(step(threads) == expected);
    }
  }
  omp_set_num_threads(before);
}

TEST_CASE("activation is an option of activation normalizers only") {
  const Shape shape{2, 6, 5};
  for (const NormalizerKind& kind : NormalizerKinds()) {
    const auto options = kind.options(nlohmann::json::object());
    const bool has = std::any_of(options.begin(), options.end(),
                                 [](const OptionHelp& help) { return help.name == "activation"; });
    INFO(kind.name);
    CHECK(has == (kind.target == Target::kActivation));
    NormalizerSpec spec = Spec(kind.name, "native", true);
    if (!has) CHECK_THROWS_AS(Create(spec, shape), OptionError);
    if (has) CHECK(Create(spec, shape)->Info().options["activation"] == "relu");
    spec.options["activation"] = "gelu";
    CHECK_THROWS_WITH(Create(spec, shape), Catch::Matchers::ContainsSubstring("/activation"));
  }
}

TEST_CASE("oneDNN's batch primitive fuses relu itself, everything else is composite") {
  const Shape shape{2, 6, 5};
  CHECK_FALSE(Create(Spec("batch", "onednn", true), shape)->Info().composite);
  CHECK_FALSE(Create(Spec("layer", "onednn", false), shape)->Info().composite);
  CHECK(Create(Spec("layer", "onednn", true), shape)->Info().composite);
}

}  // namespace
}  // namespace normsweep::testing
