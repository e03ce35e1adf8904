// What a network takes in memory, reckoned from its config alone: nothing is made for it.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/nn/network.h"
#include "harness/nn/saturated.h"

namespace normsweep {

// A batch size that the network meets. Each has buffers and primitives of its own in every layer
// (memory.h, BatchBuffers), which stay.
struct BatchUse {
  int64_t samples = 0;
  bool trained = false;  // goes backward too
};

class NetworkMemory {
 public:
  explicit NetworkMemory(const NetworkOptions& options);

  Saturated parameters() const { return parameters_; }          // values that are trained
  Saturated largest_weight() const { return largest_weight_; }  // values of one layer
  Saturated widest() const { return widest_; }  // values a sample in what goes into a normalizer
  Saturated channels() const { return channels_; }  // of all normalizers of activations together
  Saturated slot_values() const { return slot_values_; }  // a sample, in what goes into them

  // Bytes of the network at its peak: values and gradients of its parameters, and all that these
  // batch sizes (each one once) bring with them.
  Saturated Bytes(const std::vector<BatchUse>& batches) const;

 private:
  struct Linear {
    FeatureShape input, output;
    int64_t kernel = 1;
    bool convolution = false, first = false;
    bool slot = true;  // a normalizer may follow
  };
  void WalkMlp();
  void WalkCnn();
  void WalkResnet();
  void AppendConvolution(FeatureShape* shape, int64_t channels, int64_t kernel, int64_t stride);
  void AppendHead(FeatureShape* shape);
  void Add(const Linear& linear);
  void AddSlot(const FeatureShape& shape);

  NetworkOptions options_;
  bool on_activation_, on_weight_;
  bool first_ = true;
  Saturated parameters_, largest_weight_, widest_, channels_, slot_values_;
  Saturated forward_, backward_;  // bytes a sample of each batch size; the latter of a trained one
  Saturated work_;                // bytes a sample of the largest batch alone
  Saturated forward_plan_, backward_plan_;  // bytes of a batch size, whatever its samples
  Saturated wrapped_;                       // bytes of normalized weights
};

}  // namespace normsweep
