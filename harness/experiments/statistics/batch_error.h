// How far the statistics of a batch are from those of the population, and what that does to the
// normalized values: without a network's training, from the activations alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace normsweep {

// Activations of `images` images, [image][position][channel].
struct ActivationView {
  const float* values;
  int64_t images, positions, channels;
};

// Moments of each image and channel around the population's mean, from which all below follows: a
// batch's sums are those of its images.
struct ImageMoments {
  explicit ImageMoments(const ActivationView& x);

  double First(int64_t image, int64_t channel) const { return first[Place(image, channel)]; }
  double Second(int64_t image, int64_t channel) const { return second[Place(image, channel)]; }
  // Intra-class correlation of each channel: the variance over images of the image's mean, divided
  // by the population's variance. 1 where an image has one value.
  double Rho() const;  // mean over the channels whose variance is not 0

  int64_t images, positions, channels;
  std::vector<double> mean;           // population's, per channel
  std::vector<double> variance;       // population's, biased; per channel
  std::vector<double> first, second;  // mean of x - mean and of (x - mean)^2 over the positions

 private:
  size_t Place(int64_t image, int64_t channel) const {
    return static_cast<size_t>(image * channels + channel);
  }
};

struct BatchErrorOptions {
  int64_t batch_size = 2;
  int64_t draws = 200;   // batches
  int64_t anchors = 20;  // images whose output is followed through draws of batch mates
  double eps = 1e-5;
  double r_max = 3, d_max = 5;  // batch renormalization's limits (1702.03275)
  uint64_t seed = 1;
};

// Root mean squares over draws and channels, in units of the population's deviation. Channels
// without variance are left out.
struct BatchError {
  double mean_error = 0;         // |batch mean - mean| / sigma
  double mean_error_theory = 0;  // sqrt(rho / n (M - n) / (M - 1)): n of M images without return
  double independent_error = 0;  // sqrt(1 / (n S)), were the values of an image independent
  double variance_error = 0;     // batch variance / variance - 1
  double output_distance = 0;    // training output - output with population statistics
  double mate_spread = 0;        // deviation of an image's training output over its batch mates
  double divergence = 0;  // KL(batch || population) of Gaussians, nats a channel, mean over draws
  double r = 0;           // mean of sigma_batch / sigma, unclipped
  double d = 0;           // mean of |mu_batch - mu| / sigma, unclipped
  double r_clipped = 0, d_clipped = 0;  // percent of draws and channels beyond the limits
};

// Needs batch_size <= images, and two values a channel in a batch.
BatchError MeasureBatchError(const ImageMoments& moments, const BatchErrorOptions& options);

// The batch size from which on the error of the mean falls below `level`: rho / level^2, rounded up.
int64_t BatchSizeForError(double rho, double level);

}  // namespace normsweep
