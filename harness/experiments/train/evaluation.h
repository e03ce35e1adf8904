// Loss and error of a network on a part of a data set, in the three ways in which a normalizer with
// statistics over the batch can be used after training.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/data/dataset.h"
#include "harness/experiments/train/probes/saved_network.h"
#include "harness/nn/network.h"

namespace normsweep {

struct Evaluation {
  double loss = 0;   // mean over the samples, in nats
  double error = 0;  // percent
};

// Whether kEval differs from kBatchStatistics.
bool HasRunningStatistics(const Network& network);

// Divides 2,000, 5,000 and 10,000; large enough for oneDNN's best rate, small enough for the cache.
constexpr int64_t kEvaluationBatch = 50;

// kEval, kEvaluationBatch samples at a time.
Evaluation EvaluateRunning(Network* network, const DataPart& part);

// kBatchStatistics, in the order of the part and in full batches of batch_size: the last one is
// filled up with the first samples of the part, which are not counted again.
Evaluation EvaluateBatchStatistics(Network* network, const DataPart& part, int64_t batch_size);

// Population statistics ("precise batch norm", arXiv 1803.08494 and 2105.07576) in place of the
// running ones, for as long as this object lives.
//
// Forward passes over the first `samples` of `part` in batches of batch_size with their own
// statistics; mean and variance of every set are merged by Chan into those of the channel over all
// samples. (An average of batch variances would leave out the variance of the batch means, which at
// small batches is what matters.) All layers are measured in the same pass, so that a layer sees
// the batch-normalized output of the one before it. A last short batch is left out.
class PopulationStatistics {
 public:
  PopulationStatistics(Network* network, const DataPart& part, int64_t samples, int64_t batch_size);

 private:
  SavedBuffers saved_;
};

}  // namespace normsweep
