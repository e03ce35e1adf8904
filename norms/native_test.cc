// What only the native engine promises; its numbers are the check experiment's business.
#include <omp.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "norms/errors.h"
#include "norms/kernels/moment_kernels.h"
#include "norms/kernels/moments.h"
#include "norms/random.h"
#include "norms/registry.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

std::vector<float> Draw(int64_t n, uint64_t stream, float mean) {
  Random random(9, stream);
  std::vector<float> values(static_cast<size_t>(n));
  for (float& v : values) v = mean + static_cast<float>(random.Gaussian());
  return values;
}

// Every number a training step of the normalizer gives, as bits.
std::vector<uint32_t> Step(const NormalizerSpec& spec, const Shape& shape) {
  const auto normalizer = Create(spec, shape);
  const std::vector<float> x = Draw(shape.Elements(), 0, 3), dy = Draw(shape.Elements(), 1, 0);
  std::vector<float> y(x.size()), dx(x.size());
  normalizer->Init({x.data(), shape}, 1);
  normalizer->Forward(Mode::kTrain, {x.data(), shape}, {y.data(), shape});
  normalizer->Backward({x.data(), shape}, {dy.data(), shape}, {dx.data(), shape});
  std::vector<float> all = y;
  all.insert(all.end(), dx.begin(), dx.end());
  for (const Parameter& p : normalizer->Parameters()) {
    const auto gradient = p.gradient.Span<float>();
    all.insert(all.end(), gradient.begin(), gradient.end());
  }
  for (const Buffer& b : normalizer->Buffers()) {
    for (int64_t i = 0; i < b.value.shape.Elements(); ++i) {
      all.push_back(static_cast<float>(Get(b.value, i)));
    }
  }
  std::vector<uint32_t> bits(all.size());
  std::memcpy(bits.data(), all.data(), all.size() * sizeof(float));
  if (normalizer->Info().target == Target::kWeight) return bits;
  const SetStatistics statistics = normalizer->Statistics();
  for (const auto* values : {&statistics.mean, &statistics.variance}) {
    const size_t at = bits.size(), words = 2 * values->size();
    if (words == 0) continue;  // memcpy takes no null, not even for nothing
    bits.resize(at + words);
    std::memcpy(bits.data() + at, values->data(), words * sizeof(uint32_t));
  }
  return bits;
}

TEST_CASE("the bits do not depend on the number of threads", "[threads]") {
  const int before = omp_get_max_threads();
  for (const char* name :
       {"none", "batch", "batch_renorm", "layer", "instance", "group", "weight", "spectral"}) {
    for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
      // One long channel, three channels, one sample, many rows, small planes of many samples
      // (strips) and of few: blocks fewer and more than threads, and a rest; long rows of columns.
      for (const Shape& sizes :
           {Shape{2, 1, 50000}, Shape{16, 3, 3136}, Shape{1, 96, 784}, Shape{2048, 48, 1},
            Shape{5, 30, 501}, Shape{16, 39, 49}, Shape{3, 130, 49}, Shape{1, 48, 501},
            Shape{12, 3000, 1}, Shape{2, 2100, 7}}) {
        Shape shape = sizes;
        shape.layout = layout;
        NormalizerSpec spec{name, "native", nlohmann::json::object()};
        if (spec.name == "group") spec.options["groups"] = shape.c % 3 == 0 ? 3 : 1;
        if (spec.name == "instance" && shape.s == 1) continue;
        omp_set_num_threads(1);
        const auto expected = Step(spec, shape);
        for (const int threads : {2, 3, 4, 8}) {
          omp_set_num_threads(threads);
          INFO(name << " " << shape.ToString() << " with " << threads << " threads");
          CHECK(Step(spec, shape) == expected);
        }
      }
    }
  }
  omp_set_num_threads(before);
}

TEST_CASE("normalizers work side by side in the caller's own parallel region") {
  const NormalizerSpec spec{"batch", "native", nlohmann::json::object()};
  for (const Shape& shape : {Shape{16, 40, 49}, Shape{2, 40, 1024}, Shape{33, 100, 1}}) {
    const auto expected = Step(spec, shape);
    std::vector<std::vector<uint32_t>> got(4);
#pragma omp parallel for num_threads(4)
    for (int i = 0; i < 4; ++i) got[static_cast<size_t>(i)] = Step(spec, shape);
    for (const auto& bits : got) CHECK(bits == expected);
  }
}

// What float32 sums of at most 32 additions a lane can cost a variance: 32 u / 2 in the worst case,
// times 5 where the center is as far from the mean as exact.h lets it be (u = 2^-24).
constexpr double kVarianceError = 16.0 / (1 << 24);

TEST_CASE("the moments of a tile are good to 1e-6, wherever the mean lies") {
  for (const float mean : {0.0F, 1e4F, -1e6F}) {
    for (const int64_t n : {1, 2, 3, 7, 8, 9, 17, 63, 1025, 8192}) {
      const std::vector<float> x = Draw(n, 2, mean);
      long double sum = 0, square = 0;
      for (const float v : x) sum += static_cast<long double>(v);
      const long double expected_mean = sum / static_cast<long double>(n);
      for (const float v : x) {
        const long double d = static_cast<long double>(v) - expected_mean;
        square += d * d;
      }
      const Moments moments = kernels::RowMoments(x.data(), {1, 0, n});
      CHECK(moments.count == n);
      CHECK(moments.mean ==
            Approx(static_cast<double>(expected_mean)).epsilon(1e-12).margin(kVarianceError));
      CHECK(moments.m2 ==
            Approx(static_cast<double>(square)).epsilon(kVarianceError).margin(1e-20));
    }
  }
}

TEST_CASE("an outlier among the values that make the center costs no more than exact.h allows") {
  std::vector<float> x = Draw(8192, 3, 0);
  x[0] = 1e8F;
  long double mean = 0, square = 0;
  for (const float v : x) mean += static_cast<long double>(v) / 8192;
  for (const float v : x) {
    square += (static_cast<long double>(v) - mean) * (static_cast<long double>(v) - mean);
  }
  CHECK(kernels::RowMoments(x.data(), {1, 0, 8192}).m2 ==
        Approx(static_cast<double>(square)).epsilon(5 * kVarianceError));
}

TEST_CASE("merged moments are those of the whole, whatever the split") {
  const std::vector<float> x = Draw(1000, 4, 100);
  const Moments whole = kernels::RowMoments(x.data(), {1, 0, 1000});
  for (const int64_t split : {1, 2, 500, 999}) {
    Moments merged;
    merged.Merge(kernels::RowMoments(x.data(), {1, 0, split}));
    merged.Merge(kernels::RowMoments(x.data() + split, {1, 0, 1000 - split}));
    CHECK(merged.count == 1000);
    CHECK(merged.mean == Approx(whole.mean).epsilon(1e-9));
    CHECK(merged.m2 == Approx(whole.m2).epsilon(2 * kVarianceError));
  }
}

TEST_CASE("NaN and infinity flow through their own set and no other") {
  for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
    const Shape shape{2, 2, 3, layout};
    std::vector<float> x = Draw(12, 5, 0), y(12);
    x[0] = std::nanf("");  // sample 0
    const auto layer = Create({"layer", "native", {}}, shape);
    layer->Forward(Mode::kTrain, {x.data(), shape}, {y.data(), shape});
    for (size_t i = 0; i < 12; ++i) CHECK(std::isnan(y[i]) == (i < 6));
  }
}

TEST_CASE("a zero weight row is an error that names it, and y stays as it was") {
  const Shape shape{3, 2, 1};
  const std::vector<float> v = {1, 2, 0, 0, 3, 4};
  std::vector<float> y(6, -1);
  const auto weight = Create({"weight", "native", {}}, shape);
  CHECK_THROWS_WITH(weight->Init({v.data(), shape}, 1),
                    Catch::Matchers::ContainsSubstring("row 1"));
  CHECK_THROWS_AS(weight->Forward(Mode::kTrain, {v.data(), shape}, {y.data(), shape}), ValueError);
  CHECK(y == std::vector<float>(6, -1));
  const auto with_eps = Create({"weight", "native", {{"eps", 1e-6}}}, shape);
  CHECK_NOTHROW(with_eps->Forward(Mode::kTrain, {v.data(), shape}, {y.data(), shape}));
}

// Tensors of x's size in what a call must move, without the parameters: gamma and beta are read, and
// in Backward gamma is read and the gradients of both are read and written.
double TensorsMoved(const char* name, const nlohmann::json& options, const Shape& shape, Mode mode,
                    bool backward) {
  const auto one = Create({name, "native", options}, shape);
  int64_t bytes = backward ? one->BackwardCost(mode).bytes : one->ForwardCost(mode).bytes;
  for (const Parameter& parameter : one->Parameters()) {
    if (one->Info().target == Target::kWeight) continue;
    const int64_t size = parameter.value.Bytes();
    bytes -= !backward ? size : parameter.name == "gamma" ? 3 * size : 2 * size;
  }
  return static_cast<double>(bytes) / static_cast<double>(4 * shape.Elements());
}

TEST_CASE("the cost counts a second read where a set does not stay in cache") {
  const Shape small{2, 4, 100}, large{256, 2, 1 << 20};
  const auto tensors = [](const Shape& shape, Mode mode) {
    return TensorsMoved("batch", {}, shape, mode, false);
  };
  CHECK(tensors(small, Mode::kTrain) == 2);
  CHECK(tensors(large, Mode::kTrain) == 3);
  CHECK(tensors(large, Mode::kEval) == 2);
}

TEST_CASE("the cost counts parameters, which one an element are as large as a sample") {
  const Shape shape{2, 4, 100};
  const int64_t sample = 400 * 4;
  const auto layer = Create({"layer", "native", {}}, shape);
  CHECK(layer->ForwardCost(Mode::kTrain).bytes == (2 * 2 + 2) * sample);
  CHECK(layer->BackwardCost(Mode::kTrain).bytes == (3 * 2 + 5) * sample);
  const auto bare = Create({"layer", "native", {{"affine", "none"}}}, shape);
  CHECK(bare->ForwardCost(Mode::kTrain).bytes == 2 * 2 * sample);
  const auto centered = Create({"batch", "native", {{"center_only", true}}}, shape);
  CHECK(centered->ForwardCost(Mode::kTrain).bytes == 2 * 2 * sample + 4 * 4);
  CHECK(centered->BackwardCost(Mode::kTrain).bytes == 2 * 2 * sample + 2 * 4 * 4);
}

TEST_CASE("the cost of Backward counts x only where dx or dgamma needs it") {
  const auto tensors = [](const char* name, const nlohmann::json& options, const Shape& shape,
                          Mode mode) { return TensorsMoved(name, options, shape, mode, true); };
  const Shape small{2, 4, 100}, odd{1, 3, 7}, large{256, 2, 1 << 20};
  for (const Shape& shape : {small, odd}) {
    CHECK(tensors("none", {}, shape, Mode::kTrain) == 2);
    CHECK(tensors("batch", {}, shape, Mode::kTrain) == 3);
    CHECK(tensors("batch", {}, shape, Mode::kEval) == 3);
    CHECK(tensors("batch", {{"affine", false}}, shape, Mode::kTrain) == 3);
    CHECK(tensors("batch", {{"affine", false}}, shape, Mode::kEval) == 2);
    CHECK(tensors("batch", {{"center_only", true}}, shape, Mode::kTrain) == 2);
    CHECK(tensors("layer", {{"affine", "none"}}, shape, Mode::kEval) == 3);
    CHECK(tensors("weight", {}, shape, Mode::kTrain) == 3);
    CHECK(tensors("spectral", {}, shape, Mode::kTrain) == 3);
  }
  CHECK(tensors("batch", {}, large, Mode::kTrain) == 5);
  CHECK(tensors("batch", {}, large, Mode::kEval) == 3);
  CHECK(tensors("batch", {{"center_only", true}}, large, Mode::kTrain) == 3);
  CHECK(tensors("instance", {}, large, Mode::kTrain) == 3);
  CHECK(tensors("spectral", {}, large, Mode::kTrain) == 4);
}

}  // namespace
}  // namespace normsweep
