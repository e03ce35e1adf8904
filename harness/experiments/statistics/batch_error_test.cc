#include "harness/experiments/statistics/batch_error.h"

#include <cmath>
#include <vector>

#include "norms/random.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

// Each image's values share sqrt(rho) of a Gaussian; channel c has mean c and deviation 1 + c.
std::vector<float> Correlated(int64_t images, int64_t positions, int64_t channels, double rho) {
  Random random(5, 1);
  std::vector<float> values;
  for (int64_t i = 0; i < images; ++i) {
    std::vector<double> shared;
    for (int64_t c = 0; c < channels; ++c) shared.push_back(std::sqrt(rho) * random.Gaussian());
    for (int64_t s = 0; s < positions; ++s) {
      for (int64_t c = 0; c < channels; ++c) {
        const double z = shared[static_cast<size_t>(c)] + std::sqrt(1 - rho) * random.Gaussian();
        values.push_back(
            static_cast<float>(static_cast<double>(c) + static_cast<double>(1 + c) * z));
      }
    }
  }
  return values;
}

ImageMoments MomentsOf(const std::vector<float>& values, int64_t images, int64_t positions,
                       int64_t channels) {
  return ImageMoments({values.data(), images, positions, channels});
}

TEST_CASE("rho is the share of the variance between images") {
  for (const double rho : {0.0, 0.3, 0.9}) {
    const auto values = Correlated(3000, 25, 3, rho);
    // Of independent values the mean over S of them still varies by 1/S.
    const double expected = rho + (1 - rho) / 25;
    CHECK(MomentsOf(values, 3000, 25, 3).Rho() == Approx(expected).epsilon(0.05));
  }
  const auto single = Correlated(500, 1, 4, 0.5);
  CHECK(MomentsOf(single, 500, 1, 4).Rho() == Approx(1));
}

TEST_CASE("the moments are those of the definition") {
  const std::vector<float> x = {1, 10, 3, 20, 5, 30, 7, 60};  // 2 images, 2 positions, 2 channels
  const ImageMoments m = MomentsOf(x, 2, 2, 2);
  CHECK(m.variance[0] == Approx(5));
  CHECK(m.First(0, 0) == Approx(-2));
  CHECK(m.Second(0, 0) == Approx(5));
  CHECK(m.First(1, 1) == Approx(15));
  CHECK(m.variance[1] == Approx(350));
  CHECK(m.Rho() == Approx((4.0 / 5 + 225.0 / 350) / 2));
}

TEST_CASE("the error of the batch mean is sqrt(rho / n), not that of independent values") {
  const auto values = Correlated(2000, 16, 8, 0.3);
  const ImageMoments m = MomentsOf(values, 2000, 16, 8);
  for (const int64_t n : {1, 2, 8, 64}) {
    BatchErrorOptions options;
    options.batch_size = n;
    options.draws = 400;
    const BatchError e = MeasureBatchError(m, options);
    CHECK(e.mean_error == Approx(e.mean_error_theory).epsilon(0.1));
    CHECK(e.mean_error > 2 * e.independent_error);
  }
}

// Batches, channels and values one by one, as the header defines them.
TEST_CASE("the errors are those of the batches themselves") {
  constexpr int64_t kImages = 6, kPositions = 3, kChannels = 2;
  const auto x = Correlated(kImages, kPositions, kChannels, 0.5);
  const ImageMoments m = MomentsOf(x, kImages, kPositions, kChannels);
  BatchErrorOptions options;
  options.batch_size = 2;
  options.draws = 20000;
  options.anchors = kImages;
  const BatchError measured = MeasureBatchError(m, options);
  double distance = 0, kl = 0, variance_error = 0, spread = 0;
  int64_t pairs = 0;
  std::vector<double> mean(kChannels), variance(kChannels);
  const auto at = [&](int64_t i, int64_t s, int64_t c) {
    return static_cast<double>(x[static_cast<size_t>((i * kPositions + s) * kChannels + c)]);
  };
  for (size_t c = 0; c < kChannels; ++c) {
    for (int64_t k = 0; k < kImages * kPositions; ++k) {
      mean[c] += at(k / kPositions, k % kPositions, static_cast<int64_t>(c)) / 18;
    }
    for (int64_t k = 0; k < kImages * kPositions; ++k) {
      variance[c] +=
          std::pow(at(k / kPositions, k % kPositions, static_cast<int64_t>(c)) - mean[c], 2) / 18;
    }
  }
  for (size_t c = 0; c < kChannels; ++c) {
    const auto channel = static_cast<int64_t>(c);
    for (int64_t i = 0; i < kImages; ++i) {
      std::vector<std::vector<double>> outputs(kPositions);
      for (int64_t j = 0; j < kImages; ++j) {
        if (j == i) continue;
        double mu = 0, var = 0;
        for (int64_t s = 0; s < kPositions; ++s) mu += (at(i, s, channel) + at(j, s, channel)) / 6;
        for (int64_t s = 0; s < kPositions; ++s) {
          var += (std::pow(at(i, s, channel) - mu, 2) + std::pow(at(j, s, channel) - mu, 2)) / 6;
        }
        const double k = 1 / std::sqrt(variance[c] + 1e-5), a = 1 / std::sqrt(var + 1e-5);
        for (const int64_t image : {i, j}) {
          for (int64_t s = 0; s < kPositions; ++s) {
            distance +=
                std::pow((at(image, s, channel) - mu) * a - (at(image, s, channel) - mean[c]) * k,
                         2) /
                6;
          }
        }
        for (int64_t s = 0; s < kPositions; ++s) {
          outputs[static_cast<size_t>(s)].push_back((at(i, s, channel) - mu) * a);
        }
        const double ratio = (var + 1e-5) / (variance[c] + 1e-5);
        kl +=
            0.5 * (ratio + std::pow(mu - mean[c], 2) / (variance[c] + 1e-5) - 1 - std::log(ratio));
        variance_error += std::pow(var / variance[c] - 1, 2);
        ++pairs;
      }
      for (const auto& values : outputs) {
        double sum = 0, squares = 0;
        for (const double v : values) sum += v / 5, squares += v * v / 5;
        spread += (squares - sum * sum) / kPositions;
      }
    }
  }
  const auto count = static_cast<double>(pairs);
  CHECK(measured.output_distance == Approx(std::sqrt(distance / count)).epsilon(0.02));
  CHECK(measured.divergence == Approx(kl / count).epsilon(0.02));
  CHECK(measured.variance_error == Approx(std::sqrt(variance_error / count)).epsilon(0.02));
  CHECK(measured.mate_spread == Approx(std::sqrt(spread / (kImages * kChannels))).epsilon(0.02));
}

TEST_CASE("a batch of all images has no error, and a dead channel counts for nothing") {
  auto values = Correlated(10, 4, 2, 0.5);
  for (size_t i = 1; i < values.size(); i += 2) values[i] = 7;
  const ImageMoments m = MomentsOf(values, 10, 4, 2);
  BatchErrorOptions options;
  options.batch_size = 10;
  const BatchError e = MeasureBatchError(m, options);
  CHECK(e.mean_error < 1e-7);
  CHECK(e.variance_error < 1e-7);
  CHECK(e.mate_spread < 1e-6);
  CHECK(e.mean_error_theory == 0);
  CHECK(e.r == Approx(1));
  CHECK(e.d_clipped == 0);
}

TEST_CASE("the batch size for an error") {
  CHECK(BatchSizeForError(0.3, 0.1) == 30);
  CHECK(BatchSizeForError(1, 0.5) == 4);
  CHECK(BatchSizeForError(0.001, 0.5) == 1);
}

}  // namespace
}  // namespace normsweep
