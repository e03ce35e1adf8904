#include "norms/normalizer.h"

#include <utility>

#include "norms/errors.h"

namespace normsweep {
namespace {

// Overlapping tensors would be read after they were written; only `in` == `out` is safe, where the
// operation allows it.
void CheckOverlap(const char* what, const ConstTensorView& in, const ConstTensorView& out,
                  bool same_is_fine) {
  const auto a = reinterpret_cast<uintptr_t>(in.data);
  const auto b = reinterpret_cast<uintptr_t>(out.data);
  if (a == b && same_is_fine) return;
  if (a < b + static_cast<uintptr_t>(out.Bytes()) && b < a + static_cast<uintptr_t>(in.Bytes())) {
    throw ShapeError(std::string(what) + " overlap, expected " +
                     (same_is_fine ? "the same tensor or " : "") + "disjoint ones");
  }
}

}  // namespace

const char* Name(Mode mode) {
  switch (mode) {
    case Mode::kTrain: return "train";
    case Mode::kBatchStatistics: return "batch_statistics";
    case Mode::kEval: return "eval";
  }
  return "";
}

void Normalizer::CheckView(const char* what, const ConstTensorView& view) const {
  const auto fail = [&](const std::string& got, const std::string& expected) {
    throw ShapeError(info_.label + ": " + what + " " + got + ", expected " + expected);
  };
  if (view.type != info_.data_type) {
    fail(std::string("is ") + Name(view.type), Name(info_.data_type));
  }
  if (view.data == nullptr) fail("is a null pointer", "data");
  CheckShape(view.shape);
  Shape expected = shape_;
  if (info_.target == Target::kActivation) expected.n = view.shape.n;
  if (view.shape != expected) {
    fail("has shape " + view.shape.ToString(),
         expected.ToString() + (info_.target == Target::kActivation ? " (any N)" : ""));
  }
}

void Normalizer::Forward(Mode mode, ConstTensorView x, TensorView y) {
  CheckView("x", x);
  CheckView("y", y);
  if (x.shape != y.shape) {
    throw ShapeError(info_.label + ": y has shape " + y.shape.ToString() +
                     ", expected that of x, " + x.shape.ToString());
  }
  CheckOverlap("x and y", x, y, true);
  CheckForward(mode, x.shape);
  shape_ = x.shape;
  mode_ = mode;
  state_ = State::kNew;  // a DoForward that throws leaves nothing to go back through
  DoForward(mode, x, y);
  state_ = x.data == y.data ? State::kInPlace : State::kForward;
}

void Normalizer::Backward(ConstTensorView x, ConstTensorView dy, TensorView dx) {
  if (state_ == State::kNew) throw StateError(info_.label + ": Backward before any Forward");
  if (state_ == State::kInPlace) {
    throw StateError(info_.label + ": Backward after an in-place Forward, which overwrote x");
  }
  for (const auto& [what, view] : {std::pair<const char*, ConstTensorView>{"x", x},
                                   {"dy", dy},
                                   {"dx", static_cast<ConstTensorView>(dx)}}) {
    CheckView(what, view);
    if (view.shape != shape_) {
      throw StateError(info_.label + ": Backward with " + what + " of shape " +
                       view.shape.ToString() + " after a Forward of shape " + shape_.ToString());
    }
  }
  CheckOverlap("dy and dx", dy, dx, true);
  CheckOverlap("x and dx", x, dx, false);
  DoBackward(mode_, x, dy, dx);
}

SetStatistics Normalizer::Statistics() const {
  if (state_ == State::kNew) throw StateError(info_.label + ": Statistics before any Forward");
  return DoStatistics();
}

void Normalizer::Init(ConstTensorView x, uint64_t seed) {
  CheckView("x", x);
  state_ = State::kNew;  // what the last Forward left may be overwritten
  DoInit(x, seed);
}

void Normalizer::CheckForward(Mode /*mode*/, const Shape& /*shape*/) const {}

Cost Normalizer::BackwardCost(Mode /*mode*/) const {
  return {3 * shape_.Elements() * SizeOf(info_.data_type)};
}

void Normalizer::AddParameter(std::string name, TensorView value, TensorView gradient) {
  parameters_.push_back({std::move(name), value, gradient});
}

void Normalizer::AddBuffer(std::string name, TensorView value) {
  buffers_.push_back({std::move(name), value});
}

}  // namespace normsweep
