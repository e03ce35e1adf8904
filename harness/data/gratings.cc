#include "harness/data/gratings.h"

#include <cmath>
#include <numbers>
#include <utility>

#include "norms/random.h"

namespace normsweep {
namespace {

constexpr int64_t kSide = 16;
constexpr int64_t kClasses = 10;
constexpr double kP = static_cast<double>(kSide);
constexpr double kPi = std::numbers::pi;

struct Grating {
  double amplitude, theta, f, phi, cx, cy, s;

  double At(double x, double y) const {
    const double dx = x - cx, dy = y - cy;
    const double along = dx * std::cos(theta) + dy * std::sin(theta);
    return amplitude * std::exp(-(dx * dx + dy * dy) / (2 * s * s)) *
           std::cos(2 * kPi * f * along + phi);
  }
};

// The members of a braced list are drawn from left to right: the order is part of the data set.
Grating DrawSignal(Random* random, int64_t label) {
  const double theta = static_cast<double>(label) * kPi / 10 + 0.05 * random->Gaussian();
  return {.amplitude = std::exp(random->Uniform(std::log(0.3), std::log(3.0))),
          .theta = theta,
          .f = random->Uniform(0.15, 0.3),
          .phi = random->Uniform(0, 2 * kPi),
          .cx = random->Uniform(0.3 * kP, 0.7 * kP),
          .cy = random->Uniform(0.3 * kP, 0.7 * kP),
          .s = random->Uniform(0.2 * kP, 0.3 * kP)};
}

Grating DrawDistractor(Random* random) {
  return {.amplitude = 0.3 * random->Uniform(),
          .theta = random->Uniform(0, kPi),
          .f = random->Uniform(0.15, 0.3),
          .phi = random->Uniform(0, 2 * kPi),
          .cx = random->Uniform(0, kP),
          .cy = random->Uniform(0, kP),
          .s = random->Uniform(0.15 * kP, 0.25 * kP)};
}

void DrawSample(Random random, int64_t label, float* image) {
  const Grating signal = DrawSignal(&random, label);
  const Grating distractor = DrawDistractor(&random);
  const double brightness = 0.5 * random.Gaussian();
  for (int64_t y = 0; y < kSide; ++y) {
    for (int64_t x = 0; x < kSide; ++x) {
      const auto px = static_cast<double>(x), py = static_cast<double>(y);
      const double pixel =
          signal.At(px, py) + distractor.At(px, py) + brightness + 0.2 * random.Gaussian();
      *image++ = static_cast<float>(std::nearbyint(pixel * 1024) / 1024);
    }
  }
}

// As many samples of each class, in random order: with the classes in turn, a small batch walked in
// order (statistics of test batches) would always hold the same classes.
std::vector<int32_t> DrawLabels(Random random, int64_t count) {
  std::vector<int32_t> labels(static_cast<size_t>(count));
  for (size_t i = 0; i < labels.size(); ++i) {
    labels[i] = static_cast<int32_t>(static_cast<int64_t>(i) % kClasses);
  }
  for (size_t i = labels.size(); i > 1; --i) std::swap(labels[i - 1], labels[random.Below(i)]);
  return labels;
}

DataPart DrawPart(uint64_t seed, uint64_t part, int64_t count) {
  constexpr uint64_t kLabels = 0xFFFFFFFF;  // behind the samples' streams
  DataPart data;
  data.images.resize(static_cast<size_t>(count * kSide * kSide));
  data.labels = DrawLabels(Random(seed, part << 32 | kLabels), count);
  for (int64_t i = 0; i < count; ++i) {
    DrawSample(Random(seed, part << 32 | static_cast<uint64_t>(i)),
               data.labels[static_cast<size_t>(i)], data.images.data() + i * kSide * kSide);
  }
  return data;
}

}  // namespace

Dataset MakeGratings(uint64_t seed) {
  Dataset dataset;
  dataset.shape = {1, kSide, kSide};
  dataset.classes = kClasses;
  dataset.train = DrawPart(seed, 1, 8000);
  dataset.validation = DrawPart(seed, 2, 2000);
  dataset.test = DrawPart(seed, 3, 2000);
  return dataset;
}

}  // namespace normsweep
