// The one interface of every normalization layer, whatever it normalizes and whoever computes it.
//
// | normalizer   | target     | one set of values shares a mean and a variance | source     |
// |--------------|------------|------------------------------------------------|------------|
// | none         | activation | (y = x)                                        |            |
// | batch        | activation | channel c of all samples of a sub-batch        | 1502.03167 |
// | batch_renorm | activation | as batch                                       | 1702.03275 |
// | layer        | activation | sample n                                       | 1607.06450 |
// | instance     | activation | plane (n, c)                                   | 1607.08022 |
// | group        | activation | the channels of one group of sample n          | 1803.08494 |
// | weight       | weight     | (y_o = g_o x_o / ||x_o||)                      | 1602.07868 |
// | spectral     | weight     | (y = x / sigma(x))                             | 1802.05957 |
//
// registry.h makes them: Create(spec, shape, &why_not).
#pragma once

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "norms/tensor.h"

namespace normsweep {

enum class Target { kActivation, kWeight };

// kBatchStatistics: this batch's own statistics, r = 1 and d = 0, no buffer changes.
enum class Mode { kTrain, kBatchStatistics, kEval };
const char* Name(Mode mode);  // "train", "batch_statistics", "eval"

// Trained by the optimizer. `gradient` accumulates over Backward calls; the caller zeroes it.
// Shapes: one value a channel {1, C, 1}; one an element of a sample {1, C, S}, stored in the
// normalizer's layout; one an output unit of a weight {O, 1, 1}.
struct Parameter {
  std::string name;
  TensorView value;
  TensorView gradient;
};

// State that kTrain moves and the optimizer does not see: running statistics, counters, u.
struct Buffer {
  std::string name;
  TensorView value;
};

// Of the last Forward, one entry a set (see engine.h for the order of sets; for batch and
// batch_renorm set w * C + c is channel c of sub-batch w). r and d are empty but for batch_renorm.
struct SetStatistics {
  int64_t count = 0;  // values in a set
  std::vector<double> mean;
  std::vector<double> variance;  // biased: sum((x - mean)^2) / count
  std::vector<double> r, d;
};

// The fewest bytes that a call must move to and from memory: the tensors, parameters and their
// gradients, not the buffers, which are as small as a channel's parameters.
struct Cost {
  int64_t bytes = 0;
};

struct NormalizerInfo {
  std::string name;            // "group"
  std::string backend;         // "native", "reference", "onednn", "torch"
  std::string label;           // short, with what distinguishes it: "group(8)"
  std::string implementation;  // instruction set, or what the library behind it says of itself
  Target target = Target::kActivation;
  DataType data_type = DataType::kFloat32;  // of tensors, parameters and their gradients
  bool composite = false;  // part of the work is done outside the backend's own primitive
  nlohmann::json options;  // resolved: every option with the value in force
};

// The parameter or buffer of this name; null where there is none.
template <class Slot>
const Slot* FindNamed(std::span<const Slot> slots, std::string_view name) {
  const auto found =
      std::find_if(slots.begin(), slots.end(), [&](const Slot& slot) { return slot.name == name; });
  return found == slots.end() ? nullptr : &*found;
}

class Normalizer {
 public:
  virtual ~Normalizer() = default;
  Normalizer(const Normalizer&) = delete;
  Normalizer& operator=(const Normalizer&) = delete;

  // y = f(x). The views must have the shape given at creation, but for N of an activation, which
  // may vary from call to call, and Info().data_type. y may be x itself; any other overlap is an
  // error. In kTrain, activations only: a set of one value is an error. Throws ShapeError before
  // anything is written.
  void Forward(Mode mode, ConstTensorView x, TensorView y);

  // dx = dL/dx, overwritten; parameter gradients accumulate. Belongs to the last Forward: its x,
  // its mode (in kEval running statistics are constants), its shape. dx may be dy itself. Throws
  // StateError without a Forward before it, after one of another shape, or after an in-place one,
  // whose x is gone.
  void Backward(ConstTensorView x, ConstTensorView dy, TensorView dx);

  // What depends on the tensor before training starts. weight: g = ||x||, so that y = x.
  // spectral: u drawn from `seed`, then 15 power iterations. The others: nothing.
  void Init(ConstTensorView x, uint64_t seed);

  virtual std::span<const Parameter> Parameters() { return parameters_; }
  virtual std::span<const Buffer> Buffers() { return buffers_; }

  // Throws StateError before the first Forward; empty where nothing was measured (none, kWeight, or
  // kEval with running statistics).
  SetStatistics Statistics() const;

  // Of one Forward, for the shape of the last call (of creation before the first): statistics are
  // left out, and x counts twice where a set is larger than the last-level cache.
  virtual Cost ForwardCost(Mode mode) const = 0;

  // Of the Backward after a Forward in `mode`, alike: what it needs of x and dy read, dx written; x
  // and dy count twice where those of a set together are larger than the last-level cache. The
  // default is one reading of both.
  virtual Cost BackwardCost(Mode mode) const;

  const NormalizerInfo& Info() const { return info_; }
  Target target() const { return info_.target; }
  const Shape& shape() const { return shape_; }  // of the last Forward; at first, of creation

 protected:
  Normalizer(NormalizerInfo info, const Shape& shape) : info_(std::move(info)), shape_(shape) {}

  // Called with checked arguments and shape() already that of x.
  virtual void DoForward(Mode mode, ConstTensorView x, TensorView y) = 0;
  virtual void DoBackward(Mode mode, ConstTensorView x, ConstTensorView dy, TensorView dx) = 0;
  virtual void DoInit(ConstTensorView /*x*/, uint64_t /*seed*/) {}
  virtual SetStatistics DoStatistics() const { return {}; }
  // The door's hook for what only the normalizer knows (a set of one value, N and the sub-batches).
  // Throws ShapeError. `shape` is that of the call to come; nothing may change.
  virtual void CheckForward(Mode mode, const Shape& shape) const;

  void AddParameter(std::string name, TensorView value, TensorView gradient);
  void AddBuffer(std::string name, TensorView value);
  NormalizerInfo& mutable_info() { return info_; }

 private:
  void CheckView(const char* what, const ConstTensorView& view) const;

  NormalizerInfo info_;
  Shape shape_;
  std::vector<Parameter> parameters_;
  std::vector<Buffer> buffers_;
  enum class State { kNew, kForward, kInPlace } state_ = State::kNew;
  Mode mode_ = Mode::kTrain;
};

}  // namespace normsweep
