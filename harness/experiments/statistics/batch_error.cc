#include "harness/experiments/statistics/batch_error.h"

#include <algorithm>
#include <cmath>

#include "harness/experiments/statistics/draw.h"

namespace normsweep {
namespace {

constexpr uint64_t kBatchStream = 1, kMatesStream = 2;

// A batch's statistics of one channel around the population's mean.
struct BatchMoments {
  double shift = 0;     // batch mean - mean
  double second = 0;    // mean of (x - mean)^2
  double variance = 0;  // of the batch
};

BatchMoments Moments(const ImageMoments& m, const std::vector<int64_t>& order, int64_t n,
                     int64_t channel) {
  BatchMoments batch;
  for (int64_t i = 0; i < n; ++i) {
    batch.shift += m.First(order[static_cast<size_t>(i)], channel);
    batch.second += m.Second(order[static_cast<size_t>(i)], channel);
  }
  batch.shift /= static_cast<double>(n);
  batch.second /= static_cast<double>(n);
  batch.variance = std::max(0.0, batch.second - batch.shift * batch.shift);
  return batch;
}

// Sums over draws and channels; BatchError's members before the division and the root.
class Sums {
 public:
  explicit Sums(const BatchErrorOptions& options) : options_(options) {}

  void Add(const BatchMoments& batch, double variance) {
    const double v = variance + options_.eps, b = batch.variance + options_.eps;
    const double shift2 = batch.shift * batch.shift / v, ratio = b / v;
    // y = u a - shift a in training and u k with the population's statistics, u = x - mean.
    const double a = 1 / std::sqrt(b), k = 1 / std::sqrt(v);
    sums_.mean_error += batch.shift * batch.shift / variance;
    sums_.variance_error += std::pow(batch.variance / variance - 1, 2);
    sums_.output_distance += batch.second * (a - k) * (a - k) -
                             2 * (a - k) * a * batch.shift * batch.shift +
                             a * a * batch.shift * batch.shift;
    sums_.divergence += 0.5 * (ratio + shift2 - 1 - std::log(ratio));
    const double r = std::sqrt(ratio), d = std::sqrt(shift2);
    sums_.r += r;
    sums_.d += d;
    sums_.r_clipped += r > options_.r_max || r < 1 / options_.r_max ? 1 : 0;
    sums_.d_clipped += d > options_.d_max ? 1 : 0;
    ++count_;
  }

  BatchError Result() const {
    const auto n = static_cast<double>(std::max<int64_t>(1, count_));
    BatchError e = sums_;
    for (double* square : {&e.mean_error, &e.variance_error, &e.output_distance}) {
      *square = std::sqrt(std::max(0.0, *square / n));
    }
    e.divergence /= n;
    e.r /= n;
    e.d /= n;
    e.r_clipped *= 100 / n;
    e.d_clipped *= 100 / n;
    return e;
  }

 private:
  const BatchErrorOptions& options_;
  BatchError sums_;
  int64_t count_ = 0;
};

// Variances over draws of mates of a = 1 / sigma_batch and of shift a, and their covariance: a value
// u of the anchor becomes u a - shift a.
struct Spread {
  double n = 0, a = 0, s = 0, aa = 0, ss = 0, as = 0;
  void Add(const BatchMoments& batch, double eps) {
    const double inverse = 1 / std::sqrt(batch.variance + eps), shifted = batch.shift * inverse;
    n += 1;
    a += inverse, s += shifted;
    aa += inverse * inverse, ss += shifted * shifted, as += inverse * shifted;
  }
  double Variance(double first, double second) const {
    const double va = aa / n - a * a / n / n, vs = ss / n - s * s / n / n,
                 c = as / n - a * s / n / n;
    return std::max(0.0, second * va - 2 * first * c + vs);
  }
};

double MateSpread(const ImageMoments& m, const BatchErrorOptions& options) {
  Random random(options.seed, kMatesStream);
  Draw draw(m.images, &random);
  double sum = 0;
  int64_t count = 0;
  const int64_t anchors = std::min(options.anchors, m.images);
  for (int64_t i = 0; i < anchors; ++i) {
    const int64_t anchor = i * m.images / anchors;
    draw.PutFirst(anchor);
    std::vector<Spread> spread(static_cast<size_t>(m.channels));
    for (int64_t t = 0; t < options.draws; ++t) {
      draw.Next(1, options.batch_size);
      for (int64_t c = 0; c < m.channels; ++c) {
        spread[static_cast<size_t>(c)].Add(Moments(m, draw.order(), options.batch_size, c),
                                           options.eps);
      }
    }
    for (int64_t c = 0; c < m.channels; ++c) {
      if (m.variance[static_cast<size_t>(c)] == 0) continue;
      sum += spread[static_cast<size_t>(c)].Variance(m.First(anchor, c), m.Second(anchor, c));
      ++count;
    }
  }
  return count == 0 ? 0 : std::sqrt(sum / static_cast<double>(count));
}

}  // namespace

ImageMoments::ImageMoments(const ActivationView& x)
    : images(x.images),
      positions(x.positions),
      channels(x.channels),
      mean(x.values, x.values + x.channels),
      variance(static_cast<size_t>(x.channels)),
      first(static_cast<size_t>(x.images * x.channels)),
      second(first.size()) {
  const auto each = [&](const auto& body) {  // body(image, channel, value)
    const float* v = x.values;
    for (int64_t i = 0; i < images; ++i) {
      for (int64_t s = 0; s < positions; ++s) {
        for (int64_t c = 0; c < channels; ++c) body(i, static_cast<size_t>(c), *v++);
      }
    }
  };
  // The mean from the first value on, so that that of equal values is their value.
  const auto n = static_cast<double>(images * positions), s = static_cast<double>(positions);
  each([&](int64_t, size_t c, float v) {
    mean[c] += (static_cast<double>(v) - static_cast<double>(x.values[c])) / n;
  });
  each([&](int64_t i, size_t c, float v) {
    const double u = static_cast<double>(v) - mean[c];
    first[Place(i, static_cast<int64_t>(c))] += u / s;
    second[Place(i, static_cast<int64_t>(c))] += u * u / s;
    variance[c] += u * u / n;
  });
}

double ImageMoments::Rho() const {
  double sum = 0;
  int64_t count = 0;
  for (int64_t c = 0; c < channels; ++c) {
    const double v = variance[static_cast<size_t>(c)];
    if (v == 0) continue;
    double squares = 0;
    for (int64_t i = 0; i < images; ++i) squares += First(i, c) * First(i, c);
    sum += squares / static_cast<double>(images) / v;
    ++count;
  }
  return count == 0 ? 0 : sum / static_cast<double>(count);
}

BatchError MeasureBatchError(const ImageMoments& m, const BatchErrorOptions& options) {
  Random random(options.seed, kBatchStream);
  Draw draw(m.images, &random);
  Sums sums(options);
  for (int64_t t = 0; t < options.draws; ++t) {
    draw.Next(0, options.batch_size);
    for (int64_t c = 0; c < m.channels; ++c) {
      const double variance = m.variance[static_cast<size_t>(c)];
      if (variance > 0) sums.Add(Moments(m, draw.order(), options.batch_size, c), variance);
    }
  }
  BatchError e = sums.Result();
  const auto n = static_cast<double>(options.batch_size), all = static_cast<double>(m.images);
  e.mean_error_theory = std::sqrt(m.Rho() / n * (all - n) / std::max(1.0, all - 1));
  e.independent_error = std::sqrt(1 / (n * static_cast<double>(m.positions)));
  e.mate_spread = MateSpread(m, options);
  return e;
}

int64_t BatchSizeForError(double rho, double level) {
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(rho / (level * level))));
}

}  // namespace normsweep
