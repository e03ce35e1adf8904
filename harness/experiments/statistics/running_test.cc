#include "harness/experiments/statistics/running.h"

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "norms/random.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

// Channel c has mean c and deviation 1 + c / 2.
KeptImages Images(int64_t images, int64_t positions, int64_t channels) {
  Random random(7, 1);
  std::vector<float> values;
  for (int64_t i = 0; i < images * positions; ++i) {
    for (int64_t c = 0; c < channels; ++c) {
      const auto mean = static_cast<double>(c);
      values.push_back(static_cast<float>(mean + (1 + mean / 2) * random.Gaussian()));
    }
  }
  return {{values.data(), images, positions, channels}, images};
}

RunningOptions Options(const Json& options, const char* backend, int64_t batch_size,
                       int64_t updates) {
  return {{"batch", backend, options}, batch_size, updates, 3};
}

// A framework's conventions, written out here: what is kept of the old average, whether the batch
// variance is unbiased, and eps.
struct Convention {
  double keep;  // negative: 1 - 1 / t at update t
  bool unbiased;
  double eps;
};

struct Case {
  const char* dialect;
  Convention convention;
};
constexpr Convention kPytorch = {0.9, true, 1e-5};
const std::vector<Case> kCases = {{"pytorch", kPytorch},
                                  {"keras", {0.99, false, 1e-3}},
                                  {"tf_fused", {0.99, true, 1e-3}},
                                  {"flax", {0.99, false, 1e-5}},
                                  {"paper", {-1, true, 1e-5}}};

// The values of channel c of some images.
std::vector<double> Values(const KeptImages& images, const std::vector<int64_t>& chosen,
                           int64_t c) {
  const ImageMoments& m = images.moments;
  std::vector<double> values;
  for (const int64_t i : chosen) {
    for (int64_t s = 0; s < m.positions; ++s) {
      values.push_back(static_cast<double>(
          images.values[static_cast<size_t>((i * m.positions + s) * m.channels + c)]));
    }
  }
  return values;
}

double MeanOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

double SquaresOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += std::pow(v - MeanOf(values), 2);
  return sum;
}

struct Running {
  double mean = 0, variance = 1;              // of the averages
  double batch_mean = 0, batch_variance = 0;  // of the last batch, biased
};

Running Average(const KeptImages& images, const RunningOptions& options, const Convention& how,
                int64_t c) {
  Running running;
  double t = 0;
  for (const auto& batch : RunningBatches(images.moments.images, options)) {
    const std::vector<double> x = Values(images, batch, c);
    const auto m = static_cast<double>(x.size());
    const double keep = how.keep < 0 ? t / (t + 1) : how.keep;
    running.batch_mean = MeanOf(x);
    running.batch_variance = SquaresOf(x) / m;
    const double taken = how.unbiased ? SquaresOf(x) / (m - 1) : running.batch_variance;
    running.mean = keep * running.mean + (1 - keep) * running.batch_mean;
    running.variance = keep * running.variance + (1 - keep) * taken;
    ++t;
  }
  return running;
}

// All of the header's definitions, channel by channel and value by value.
RunningError Expected(const KeptImages& images, const RunningOptions& options,
                      const Convention& how) {
  const ImageMoments& m = images.moments;
  std::vector<int64_t> all;
  for (int64_t i = 0; i < m.images; ++i) all.push_back(i);
  const std::vector<int64_t> last = RunningBatches(m.images, options).back();
  RunningError e;
  const auto channels = static_cast<double>(m.channels);
  const auto normalized = [](double x, double mean, double variance, double eps) {
    return (x - mean) / std::sqrt(variance + eps);
  };
  for (int64_t c = 0; c < m.channels; ++c) {
    const Running own = Average(images, options, how, c),
                  peer = Average(images, options, kPytorch, c);
    const std::vector<double> x = Values(images, all, c), batch = Values(images, last, c);
    const double mean = MeanOf(x), variance = SquaresOf(x) / static_cast<double>(x.size());
    e.mean_error += std::pow(own.mean - mean, 2) / variance / channels;
    e.variance_ratio += own.variance / variance / channels;
    for (const double v : x) {
      const double y = normalized(v, own.mean, own.variance, how.eps),
                   n = static_cast<double>(x.size()) * channels;
      e.eval_distance += std::pow(y - normalized(v, mean, variance, 1e-5), 2) / n;
      e.dialect_distance += std::pow(y - normalized(v, peer.mean, peer.variance, 1e-5), 2) / n;
    }
    for (const double v : batch) {
      e.train_distance += std::pow(normalized(v, own.batch_mean, own.batch_variance, how.eps) -
                                       normalized(v, own.batch_mean, own.batch_variance, 1e-5),
                                   2) /
                          static_cast<double>(batch.size()) / channels;
    }
  }
  for (double* square : {&e.mean_error, &e.eval_distance, &e.dialect_distance, &e.train_distance}) {
    *square = std::sqrt(*square);
  }
  return e;
}

TEST_CASE("running statistics and outputs are those computed by hand from the same batches") {
  for (const char* backend : {"native", "reference"}) {
    const double margin = std::string(backend) == "native" ? 2e-5 : 1e-10;
    for (const Case& one : kCases) {
      for (const auto& [positions, batch_size] :
           std::vector<std::pair<int64_t, int64_t>>{{1, 2}, {1, 3}, {3, 1}, {5, 2}, {1, 7}}) {
        const KeptImages images = Images(70, positions, 3);  // more than one part in eval
        const RunningOptions options = Options({{"dialect", one.dialect}}, backend, batch_size, 11);
        const RunningError e = MeasureRunning(images, options);
        const RunningError expected = Expected(images, options, one.convention);
        INFO(backend << " " << one.dialect << " " << positions << " " << batch_size);
        CHECK(e.mean_error == Approx(expected.mean_error).margin(margin));
        CHECK(e.variance_ratio == Approx(expected.variance_ratio).margin(margin));
        CHECK(e.eval_distance == Approx(expected.eval_distance).margin(margin));
        CHECK(e.dialect_distance == Approx(expected.dialect_distance).margin(margin));
        CHECK(e.train_distance == Approx(expected.train_distance).margin(margin));
      }
    }
  }
}

TEST_CASE("dialect pytorch is its own peer, and flax trains as it does") {
  const KeptImages images = Images(20, 3, 4);
  for (const char* backend : {"native", "reference"}) {
    for (const int64_t batch_size : {1, 2, 5}) {
      const RunningError same =
          MeasureRunning(images, Options({{"dialect", "pytorch"}}, backend, batch_size, 9));
      CHECK(same.dialect_distance == 0);
      CHECK(same.train_distance == 0);
      const RunningError flax =
          MeasureRunning(images, Options({{"dialect", "flax"}}, backend, batch_size, 9));
      CHECK(flax.dialect_distance > 0.1);
      CHECK(flax.train_distance == 0);
      const RunningError keras =
          MeasureRunning(images, Options({{"dialect", "keras"}}, backend, batch_size, 9));
      CHECK(keras.train_distance > 1e-5);
    }
  }
}

// Every batch is all images in some order, so that nothing is left to chance.
TEST_CASE("batches of the whole population give its statistics, less what is left of the start") {
  constexpr int64_t kImages = 6, kUpdates = 100;
  const KeptImages images = Images(kImages, 1, 3);
  const auto measure = [&](const Json& options) {
    return MeasureRunning(images, Options(options, "native", kImages, kUpdates));
  };
  const RunningError biased = measure({{"momentum", nullptr}, {"running_variance", "biased"}});
  CHECK(biased.mean_error < 1e-6);
  CHECK(biased.variance_ratio == Approx(1));
  CHECK(biased.eval_distance < 1e-6);
  CHECK(measure({{"dialect", "paper"}}).variance_ratio == Approx(6.0 / 5));
  // 0.99^100 = 0.366 of mean 0 and variance 1 is left in flax and keras, 0.9^100 in pytorch.
  const double left = std::pow(0.99, 100);
  double squares = 0, inverse = 0;
  for (size_t c = 0; c < 3; ++c) {
    squares += std::pow(images.moments.mean[c], 2) / images.moments.variance[c] / 3;
    inverse += 1 / images.moments.variance[c] / 3;
  }
  const RunningError flax = measure({{"dialect", "flax"}});
  CHECK(flax.mean_error == Approx(left * std::sqrt(squares)).epsilon(1e-4));
  CHECK(flax.variance_ratio == Approx(1 - left + left * inverse).epsilon(1e-4));
  CHECK(measure({{"dialect", "pytorch"}}).mean_error < 1e-4);
}

TEST_CASE("batches are without return, and the same whatever the normalizer") {
  const RunningOptions options = Options({{"dialect", "keras"}}, "native", 5, 40);
  const auto batches = RunningBatches(9, options);
  REQUIRE(batches.size() == 40);
  std::set<int64_t> seen;
  for (const auto& batch : batches) {
    CHECK(std::set<int64_t>(batch.begin(), batch.end()).size() == 5);
    seen.insert(batch.begin(), batch.end());
  }
  CHECK(seen.size() == 9);
  CHECK(*seen.begin() == 0);
  CHECK(*seen.rbegin() == 8);
  CHECK(RunningBatches(9, Options(Json::object(), "reference", 5, 40)) == batches);
  RunningOptions other = options;
  other.seed = 4;
  CHECK(RunningBatches(9, other) != batches);
}

TEST_CASE("a channel without variance counts for nothing") {
  const KeptImages images = Images(10, 2, 1);
  std::vector<float> with_dead;
  for (const float v : images.values) {
    with_dead.push_back(v);
    with_dead.push_back(9);
  }
  const KeptImages both({with_dead.data(), 10, 2, 2}, 10);
  const RunningOptions options = Options({{"dialect", "keras"}}, "reference", 2, 10);
  const RunningError e = MeasureRunning(both, options), alone = MeasureRunning(images, options);
  CHECK(e.mean_error == Approx(alone.mean_error));
  CHECK(e.variance_ratio == Approx(alone.variance_ratio));
  CHECK(e.eval_distance == Approx(alone.eval_distance));
  CHECK(e.dialect_distance == Approx(alone.dialect_distance));
  CHECK(e.train_distance == Approx(alone.train_distance));
}

TEST_CASE("of more images the first are kept, as a population of their own") {
  const KeptImages all = Images(10, 2, 3);
  const KeptImages first({all.values.data(), 10, 2, 3}, 4);
  CHECK(first.values == std::vector<float>(all.values.begin(), all.values.begin() + 4 * 2 * 3));
  CHECK(first.moments.images == 4);
  const std::vector<double> x = Values(first, {0, 1, 2, 3}, 2);
  CHECK(first.moments.mean[2] == Approx(MeanOf(x)));
  CHECK(first.moments.variance[2] == Approx(SquaresOf(x) / 8));
}

}  // namespace
}  // namespace normsweep
