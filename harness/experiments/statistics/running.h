// What the running statistics of a batch normalizer are worth: the library's own normalizer, fed
// with training batches, beside the population it drew them from and beside another framework's
// conventions.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/experiments/statistics/batch_error.h"
#include "norms/registry.h"

namespace normsweep {

// Images with their values, a population of their own: running statistics are compared with the
// moments of these images, from which the batches are drawn and on which the outputs are compared.
struct KeptImages {
  // Of the first `images` of x. Copies.
  KeptImages(const ActivationView& x, int64_t images);

  std::vector<float> values;  // [image][position][channel]
  ImageMoments moments;
};

struct RunningOptions {
  NormalizerSpec normalizer;  // "batch" with running mean and variance; native or reference
  int64_t batch_size = 2;
  int64_t updates = 100;  // training batches
  uint64_t seed = 1;      // of the batches, which depend on nothing else
};

// The peer is a `batch` with the library's default options (dialect pytorch) and the same backend
// that saw the same batches. Both start from mean 0 and variance 1, as the frameworks do, and what
// is left of that start counts. Channels without variance are left out.
struct RunningError {
  double mean_error = 0;        // rms over channels of (running mean - mean) / sigma
  double variance_ratio = 0;    // mean over channels of running variance / variance (biased)
  double eval_distance = 0;     // rms of eval output - (x - mean) / sqrt(variance + 1e-5)
  double dialect_distance = 0;  // rms of eval output - the peer's
  double train_distance = 0;    // rms of the last training batch's output - the peer's: eps alone
};

// Images of each batch, without return within a batch. Needs batch_size <= images.
std::vector<std::vector<int64_t>> RunningBatches(int64_t images, const RunningOptions& options);

constexpr int64_t kEvalImages = 64;  // evaluated at a time

// Needs batch_size <= images, and two values a channel in a batch.
RunningError MeasureRunning(const KeptImages& images, const RunningOptions& options);

}  // namespace normsweep
