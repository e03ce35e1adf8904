#include "norms/reference/central_differences.h"

#include "norms/batch/batch_norm.h"
#include "norms/batch_renorm/batch_renorm_norm.h"
#include "norms/errors.h"
#include "norms/reference/reference.h"
#include "norms/testing/float64.h"

namespace normsweep::testing {
namespace {

// y = a x^3 + b with one a and one b; `wrong` is added to the right gradients of x and of a.
class Cubic final : public reference::ReferenceNormalizer {
 public:
  Cubic(double wrong, const Shape& shape)
      : ReferenceNormalizer("cubic", "cubic", Target::kActivation, {}, shape), wrong_(wrong) {
    a_ = NewParameter("a", {1, 1, 1}, 2);
    b_ = NewParameter("b", {1, 1, 1}, 1);
    calls_ = NewBuffer("calls", {1, 1, 1}, 5);
  }

 protected:
  void DoForward(Mode /*mode*/, ConstTensorView x, TensorView y) override {
    for (int64_t i = 0; i < x.shape.Elements(); ++i) {
      const double z = x.As<double>()[i];
      y.As<double>()[i] = *a_.value * z * z * z + *b_.value + (*calls_ - 5);
    }
    *calls_ += 1;  // a forward that did not start from the same buffers would differ
    Measured({});
  }
  void DoBackward(Mode /*mode*/, ConstTensorView x, ConstTensorView dy, TensorView dx) override {
    for (int64_t i = 0; i < x.shape.Elements(); ++i) {
      const double z = x.As<double>()[i], g = dy.As<double>()[i];
      dx.As<double>()[i] = g * 3 * *a_.value * z * z + wrong_;
      a_.Accumulate(0, g * z * z * z);
      b_.Accumulate(0, g);
    }
    a_.Accumulate(0, wrong_);
  }

 private:
  double wrong_;
  reference::Trained a_, b_;
  double* calls_;
};

TEST_CASE("central differences find a wrong gradient and put everything back") {
  const Shape shape{2, 1, 3};
  const Values x = Gaussian(6, 1), dy = Gaussian(6, 2);
  for (const double wrong : {0.0, 1e-6}) {
    Cubic cubic(wrong, shape);
    GradientOf(&cubic, "a")[0] = 42;
    const auto errors = CompareWithCentralDifferences(&cubic, Mode::kTrain, shape, x, dy);
    REQUIRE(errors.size() == 3);
    CHECK(errors[0].of == "x");
    CHECK(errors[1].of == "a");
    CHECK(errors[2].of == "b");
    for (const GradientError& of : errors) {
      const double expected = of.of == "b" ? 0 : wrong;
      CHECK(of.error * of.scale == Approx(expected).epsilon(1e-3).margin(1e-10));
      CHECK(of.largest > 0);
    }
    CHECK(GradientOf(&cubic, "a")[0] == 42);
    CHECK(ParameterOf(&cubic, "a")[0] == 2);
    CHECK(BufferOf(&cubic, "calls")[0] == 5);
  }
}

TEST_CASE("central differences see NaN as infinitely wrong") {
  Cubic cubic(std::nan(""), {2, 1, 1});
  const auto errors =
      CompareWithCentralDifferences(&cubic, Mode::kTrain, {2, 1, 1}, Values{1, 2}, Values{1, 1});
  CHECK(std::isinf(errors[0].error));
}

TEST_CASE("central differences freeze r and d of batch renormalization") {
  const Shape shape{4, 2, 3};
  const auto renorm = Make(MakeBatchRenormReference, {{"normalization_batch_size", 2}}, shape);
  FillParameters(renorm.get(), 4);
  for (double& sigma : BufferOf(renorm.get(), "running_sigma")) sigma = 0.9;
  const Values x = Spread(24, 1), dy = Gaussian(24, 2);
  const auto errors = CompareWithCentralDifferences(renorm.get(), Mode::kTrain, shape, x, dy);
  REQUIRE(errors.size() == 4);
  CHECK(errors[0].of == "y");
  for (const GradientError& of : errors) CHECK(of.error < 1e-9);
  CHECK(BufferOf(renorm.get(), "step")[0] == 0);
  // Inside the limits r and d do depend on x: a full gradient would be another one, which is
  // what differences of kTrain from restored buffers give.
  Forward(renorm.get(), Mode::kTrain, shape, x);
  CHECK(renorm->Statistics().r[0] != 1);
  const Values dx = Backward(renorm.get(), shape, x, dy);
  const auto loss = [&](double step) {
    for (double& sigma : BufferOf(renorm.get(), "running_sigma")) sigma = 0.9;
    for (double& mean : BufferOf(renorm.get(), "running_mean")) mean = 0;
    Values moved = x;
    moved[0] += step;
    const Values y = Forward(renorm.get(), Mode::kTrain, shape, moved);
    double sum = 0;
    for (size_t i = 0; i < y.size(); ++i) sum += y[i] * dy[i];
    return sum;
  };
  CHECK(std::abs((loss(1e-5) - loss(-1e-5)) / 2e-5 - dx[0]) > 1e-3);
}

TEST_CASE("central differences refuse sizes that do not belong together") {
  const auto batch = Make(MakeBatchNormReference, {}, {2, 1, 3});
  const Values six(6, 1), five(5, 1);
  CHECK_THROWS_AS(CompareWithCentralDifferences(batch.get(), Mode::kTrain, {2, 1, 3}, six, five),
                  ShapeError);
  CHECK_THROWS_AS(CompareWithCentralDifferences(batch.get(), Mode::kTrain, {2, 1, 3}, five, six),
                  ShapeError);
}

}  // namespace
}  // namespace normsweep::testing
