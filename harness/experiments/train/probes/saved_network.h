// A network's state, put back when the object goes: what looks at a network in the middle of its
// training must leave no trace in it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/nn/network.h"

namespace normsweep {

// The buffers of all normalizers (running statistics, counters of steps, power iteration).
class SavedBuffers {
 public:
  explicit SavedBuffers(Network* network);
  ~SavedBuffers() { Restore(); }
  SavedBuffers(const SavedBuffers&) = delete;
  SavedBuffers& operator=(const SavedBuffers&) = delete;

  void Restore();

 private:
  std::vector<std::vector<double>> values_;
  std::vector<TensorView> views_;
};

// Loss and gradient of a batch in kTrain.
struct BatchGradient {
  double loss = 0;              // mean over the samples, in nats
  std::vector<float> gradient;  // of all parameters, in the order of Network::Parameters()
};

// Buffers and parameters; gradients that accumulate are 0 again at the end.
class SavedNetwork {
 public:
  explicit SavedNetwork(Network* network);
  ~SavedNetwork();
  SavedNetwork(const SavedNetwork&) = delete;
  SavedNetwork& operator=(const SavedNetwork&) = delete;

  // All parameters to the saved ones minus `rate` times `direction`, which has their order.
  void MoveTo(double rate, std::span<const float> direction);

  // With the parameters as they are now, the saved buffers and the noise of the step to come:
  // each pass is made in the same state. images [n, H, W, C], n = labels.size(). The gradient is in
  // the network's own places too.
  BatchGradient Gradient(std::span<const float> images, std::span<const int32_t> labels);

 private:
  Network& network_;
  SavedBuffers buffers_;
  std::vector<TrainedBlock> blocks_;
  std::vector<float> values_;
};

}  // namespace normsweep
