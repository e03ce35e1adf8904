// The contract of normalizer.h, each sentence of it, for every row of the registry that can be
// made.
#include <functional>

#include "norms/errors.h"
#include "norms/random.h"
#include "norms/registry.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

// Holds numbers of either type, for a backend of either.
class Tensor {
 public:
  Tensor(const Shape& shape, DataType type)
      : shape_(shape),
        type_(type),
        f32_(static_cast<size_t>(shape.Elements())),
        f64_(static_cast<size_t>(shape.Elements())) {}
  static Tensor Random(const Shape& shape, DataType type, uint64_t stream) {
    Tensor tensor(shape, type);
    normsweep::Random random(5, stream);
    for (int64_t i = 0; i < shape.Elements(); ++i) Set(tensor.view(), i, 1 + random.Gaussian());
    return tensor;
  }
  TensorView view() {
    return type_ == DataType::kFloat32 ? TensorView(f32_.data(), shape_)
                                       : TensorView(f64_.data(), shape_);
  }
  bool operator==(const Tensor& other) const { return f32_ == other.f32_ && f64_ == other.f64_; }

 private:
  Shape shape_;
  DataType type_;
  std::vector<float> f32_;
  std::vector<double> f64_;
};

struct Subject {
  NormalizerSpec spec;
  Shape shape;
  DataType type;
  bool activation;
  std::unique_ptr<Normalizer> Make() const { return Create(spec, shape); }
};

void ForAll(const std::function<void(const Subject&)>& body) {
  for (const RegistryRow& row : Registry()) {
    for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
      Subject subject{{row.name, row.backend, nlohmann::json::object()},
                      {4, 6, 5, layout},
                      DataType::kFloat32,
                      true};
      if (subject.spec.name == "group") subject.spec.options["groups"] = 3;
      const auto made = subject.Make();
      if (made == nullptr) continue;
      subject.type = made->Info().data_type;
      subject.activation = made->target() == Target::kActivation;
      INFO(row.name << " " << row.backend << " " << Name(layout));
      body(subject);
    }
  }
}

TEST_CASE("Backward without a Forward, or after one of another shape, is an error") {
  ForAll([](const Subject& s) {
    const auto normalizer = s.Make();
    Tensor x = Tensor::Random(s.shape, s.type, 0), y(s.shape, s.type), dx(s.shape, s.type);
    CHECK_THROWS_AS(normalizer->Statistics(), StateError);
    CHECK_THROWS_AS(normalizer->Backward(x.view(), x.view(), dx.view()), StateError);
    normalizer->Forward(Mode::kTrain, x.view(), y.view());
    CHECK_NOTHROW(normalizer->Backward(x.view(), x.view(), dx.view()));
    if (!s.activation) return;
    Shape other = s.shape;
    other.n = 2;
    Tensor x2 = Tensor::Random(other, s.type, 0), dx2(other, s.type);
    CHECK_THROWS_AS(normalizer->Backward(x2.view(), x2.view(), dx2.view()), StateError);
  });
}

TEST_CASE("N of an activation may vary; C, S, the layout and the type may not") {
  ForAll([](const Subject& s) {
    const auto normalizer = s.Make();
    for (const int64_t n : {1, 2, 7}) {
      Shape other = s.shape;
      other.n = n;
      Tensor x = Tensor::Random(other, s.type, 0), y(other, s.type);
      if (s.activation || n == s.shape.n) {
        CHECK_NOTHROW(normalizer->Forward(Mode::kTrain, x.view(), y.view()));
      } else {
        CHECK_THROWS_AS(normalizer->Forward(Mode::kTrain, x.view(), y.view()), ShapeError);
      }
    }
    const bool first = s.shape.layout == Layout::kChannelsFirst;
    for (const Shape& other :
         {Shape{4, 3, 5, s.shape.layout}, Shape{4, 6, 4, s.shape.layout},
          Shape{4, 6, 5, first ? Layout::kChannelsLast : Layout::kChannelsFirst}}) {
      Tensor x = Tensor::Random(other, s.type, 0), y(other, s.type);
      CHECK_THROWS_AS(normalizer->Forward(Mode::kTrain, x.view(), y.view()), ShapeError);
      CHECK_THROWS_AS(normalizer->Init(x.view(), 1), ShapeError);
    }
    const DataType other_type =
        s.type == DataType::kFloat32 ? DataType::kFloat64 : DataType::kFloat32;
    Tensor x(s.shape, other_type), y(s.shape, other_type);
    CHECK_THROWS_AS(normalizer->Forward(Mode::kTrain, x.view(), y.view()), ShapeError);
    CHECK_THROWS_AS(normalizer->Forward(Mode::kTrain, ConstTensorView(), y.view()), ShapeError);
  });
}

TEST_CASE("after calls with another N the numbers are those of a fresh normalizer") {
  const auto check = [](const NormalizerSpec& spec, const Shape& made_for) {
    const auto used = Create(spec, made_for);
    if (used == nullptr) return;  // without these options
    for (const int64_t n : {8, 2, 4, 8}) {
      Shape shape = made_for;
      shape.n = n;
      INFO(spec.name << " " << spec.backend << " made for " << made_for.ToString() << ", N " << n);
      const auto fresh = Create(spec, shape);
      const DataType type = fresh->Info().data_type;
      Tensor x = Tensor::Random(shape, type, 0), dy = Tensor::Random(shape, type, 1);
      Tensor y(shape, type), dx(shape, type), expected_y(shape, type), expected_dx(shape, type);
      used->Forward(Mode::kBatchStatistics, x.view(), y.view());
      used->Backward(x.view(), dy.view(), dx.view());
      fresh->Forward(Mode::kBatchStatistics, x.view(), expected_y.view());
      fresh->Backward(x.view(), dy.view(), expected_dx.view());
      CHECK(y == expected_y);
      CHECK(dx == expected_dx);
    }
  };
  ForAll([&](const Subject& s) {
    if (!s.activation) return;
    check(s.spec, s.shape);
    if (s.spec.name != "batch" && s.spec.name != "batch_renorm") return;
    NormalizerSpec ghost = s.spec;
    ghost.options["normalization_batch_size"] = 2;
    for (const int64_t spatial : {5, 1}) {
      for (const int64_t n : {1, 4}) check(ghost, {n, 6, spatial, s.shape.layout});
    }
  });
}

TEST_CASE("in place gives the same, and a Backward after it is an error") {
  ForAll([](const Subject& s) {
    for (const Mode mode : {Mode::kTrain, Mode::kBatchStatistics, Mode::kEval}) {
      const auto apart = s.Make(), in_place = s.Make();
      Tensor x = Tensor::Random(s.shape, s.type, 0), y(s.shape, s.type), both = x;
      apart->Forward(mode, x.view(), y.view());
      in_place->Forward(mode, both.view(), both.view());
      CHECK(both == y);
      Tensor dy = Tensor::Random(s.shape, s.type, 1), dx(s.shape, s.type);
      CHECK_THROWS_AS(in_place->Backward(x.view(), dy.view(), dx.view()), StateError);
      apart->Backward(x.view(), dy.view(), dx.view());
      const auto again = s.Make();
      again->Forward(mode, x.view(), y.view());
      again->Backward(x.view(), dy.view(), dy.view());
      CHECK(dy == dx);
      CHECK_THROWS_AS(again->Backward(x.view(), dx.view(), x.view()), ShapeError);
    }
  });
}

TEST_CASE("tensors that overlap in part are an error") {
  const Shape shape{2, 3, 4};
  const auto normalizer = Create({"layer", "native", {}}, shape);
  std::vector<float> memory(40, 1.0F);
  CHECK_THROWS_AS(
      normalizer->Forward(Mode::kTrain, {memory.data(), shape}, {memory.data() + 1, shape}),
      ShapeError);
  CHECK(memory == std::vector<float>(40, 1.0F));
}

TEST_CASE("parameter gradients accumulate, dx is overwritten") {
  ForAll([](const Subject& s) {
    const auto normalizer = s.Make();
    Tensor x = Tensor::Random(s.shape, s.type, 0), dy = Tensor::Random(s.shape, s.type, 1),
           y(s.shape, s.type), once(s.shape, s.type), twice(s.shape, s.type);
    normalizer->Forward(Mode::kTrain, x.view(), y.view());
    normalizer->Backward(x.view(), dy.view(), once.view());
    std::vector<double> first;
    for (const Parameter& p : normalizer->Parameters()) {
      for (int64_t i = 0; i < p.gradient.shape.Elements(); ++i) first.push_back(Get(p.gradient, i));
    }
    normalizer->Backward(x.view(), dy.view(), twice.view());
    CHECK(once == twice);
    size_t at = 0;
    for (const Parameter& p : normalizer->Parameters()) {
      for (int64_t i = 0; i < p.gradient.shape.Elements(); ++i) {
        CHECK(Get(p.gradient, i) == Approx(2 * first[at++]).epsilon(1e-6).margin(1e-12));
      }
    }
  });
}

TEST_CASE("only kTrain moves buffers") {
  ForAll([](const Subject& s) {
    const auto normalizer = s.Make();
    const auto state = [&] {
      std::vector<double> values;
      for (const Buffer& b : normalizer->Buffers()) {
        for (int64_t i = 0; i < b.value.shape.Elements(); ++i) values.push_back(Get(b.value, i));
      }
      return values;
    };
    Tensor x = Tensor::Random(s.shape, s.type, 0), y(s.shape, s.type);
    const auto start = state();
    normalizer->Forward(Mode::kBatchStatistics, x.view(), y.view());
    normalizer->Forward(Mode::kEval, x.view(), y.view());
    CHECK(state() == start);
    normalizer->Forward(Mode::kTrain, x.view(), y.view());
    CHECK((start.empty() || state() != start));
  });
}

TEST_CASE("a set of one value in training is an error before anything is written") {
  for (const char* backend : {"native", "reference", "onednn", "onednn_composite", "torch"}) {
    for (const char* name : {"batch", "batch_renorm", "instance", "layer", "group"}) {
      const bool within = std::string(name) == "layer" || std::string(name) == "group";
      const Shape shape{1, within ? 1 : 6, 1};
      NormalizerSpec spec{name, backend, nlohmann::json::object()};
      if (spec.name == "group") spec.options["groups"] = 1;
      const auto normalizer = Create(spec, shape);
      if (normalizer == nullptr) continue;
      INFO(name << " " << backend);
      const DataType type = normalizer->Info().data_type;
      Tensor x = Tensor::Random(shape, type, 0), y = Tensor::Random(shape, type, 1), before = y;
      CHECK_THROWS_WITH(normalizer->Forward(Mode::kTrain, x.view(), y.view()),
                        Catch::Matchers::ContainsSubstring(shape.ToString()));
      CHECK_THROWS_AS(normalizer->Forward(Mode::kTrain, x.view(), y.view()), ShapeError);
      CHECK(y == before);
      CHECK_NOTHROW(normalizer->Forward(Mode::kEval, x.view(), y.view()));
    }
  }
}

}  // namespace
}  // namespace normsweep
