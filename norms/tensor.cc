#include "norms/tensor.h"

#include <limits>

#include "norms/errors.h"

namespace normsweep {
namespace {

void CheckType(DataType actual, DataType expected) {
  if (actual != expected) {
    throw ShapeError(std::string("tensor of ") + Name(actual) + " where " + Name(expected) +
                     " was expected");
  }
}

template <class T>
constexpr DataType TypeOf() {
  return sizeof(T) == sizeof(float) ? DataType::kFloat32 : DataType::kFloat64;
}

}  // namespace

const char* Name(Layout layout) {
  return layout == Layout::kChannelsFirst ? "channels_first" : "channels_last";
}

const char* Name(DataType type) { return type == DataType::kFloat32 ? "float32" : "float64"; }

int64_t SizeOf(DataType type) { return type == DataType::kFloat32 ? 4 : 8; }

std::string Shape::ToString() const {
  return std::string("[") + std::to_string(n) + ", " + std::to_string(c) + ", " +
         std::to_string(s) + "] " + Name(layout);
}

void CheckShape(const Shape& shape) {
  int64_t bytes = SizeOf(DataType::kFloat64);
  for (const int64_t size : {shape.n, shape.c, shape.s}) {
    if (size < 1) {
      throw ShapeError("shape " + shape.ToString() + " is empty: every size must be 1 or more");
    }
    if (bytes > std::numeric_limits<int64_t>::max() / size) {
      throw ShapeError("shape " + shape.ToString() +
                       " has too many elements: their bytes must fit in 63 bits");
    }
    bytes *= size;
  }
}

Shape MakeShape(std::span<const int64_t> dims, Layout layout) {
  if (dims.size() < 2 || dims.size() > 5) {
    throw ShapeError("tensor with " + std::to_string(dims.size()) +
                     " dimensions, expected 2 to 5: [N, C], [N, C, W] to [N, C, D, H, W]");
  }
  const bool first = layout == Layout::kChannelsFirst;
  Shape shape{dims[0], first ? dims[1] : dims.back(), 1, layout};
  for (const int64_t size : dims.subspan(first ? 2 : 1, dims.size() - 2)) {
    CheckShape({shape.s, size, 1, layout});  // so that the product itself cannot overflow
    shape.s *= size;
  }
  CheckShape(shape);
  return shape;
}

template <class T>
const T* ConstTensorView::As() const {
  CheckType(type, TypeOf<T>());
  return static_cast<const T*>(data);
}
template const float* ConstTensorView::As<float>() const;
template const double* ConstTensorView::As<double>() const;

template <class T>
T* TensorView::As() const {
  CheckType(type, TypeOf<T>());
  return static_cast<T*>(data);
}
template float* TensorView::As<float>() const;
template double* TensorView::As<double>() const;

TensorView::operator ConstTensorView() const {
  ConstTensorView view;
  view.data = data;
  view.type = type;
  view.shape = shape;
  return view;
}

double Get(const ConstTensorView& view, int64_t i) {
  return view.type == DataType::kFloat32 ? static_cast<double>(view.As<float>()[i])
                                         : view.As<double>()[i];
}

void Set(const TensorView& view, int64_t i, double value) {
  if (view.type == DataType::kFloat32) {
    view.As<float>()[i] = static_cast<float>(value);
  } else {
    view.As<double>()[i] = value;
  }
}

}  // namespace normsweep
