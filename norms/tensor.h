// Shapes and views. An activation tensor is [N, C, S]: samples, channels, and S = the product of
// all spatial sizes (S = 1 for a fully connected layer), so 2-D to 5-D tensors are all covered. A
// weight tensor is [O, I, K]: output units, inputs, and K = the product of the kernel's sizes. A
// *plane* (n, c) is the S values of one channel of one sample.
//
// channels_first stores element (n, c, s) at (n * C + c) * S + s (NCHW), channels_last at
// (n * S + s) * C + c (NHWC). Views do not own and are dense.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace normsweep {

enum class Layout { kChannelsFirst, kChannelsLast };
enum class DataType { kFloat32, kFloat64 };

const char* Name(Layout layout);  // "channels_first", "channels_last"
const char* Name(DataType type);  // "float32", "float64"
int64_t SizeOf(DataType type);    // bytes of one element

struct Shape {
  int64_t n = 1;
  int64_t c = 1;
  int64_t s = 1;
  Layout layout = Layout::kChannelsFirst;

  int64_t Elements() const { return n * c * s; }
  std::string ToString() const;  // "[2, 64, 3136] channels_last"
  friend bool operator==(const Shape&, const Shape&) = default;
};

// Throws ShapeError when a size is below 1 or the element count (or its bytes) overflows int64_t.
void CheckShape(const Shape& shape);

// From a tensor's dimensions: 2-D to 5-D, [N, C, spatial...] in channels_first and
// [N, spatial..., C] in channels_last. Throws ShapeError as CheckShape does.
Shape MakeShape(std::span<const int64_t> dims, Layout layout);

struct ConstTensorView {
  const void* data = nullptr;
  DataType type = DataType::kFloat32;
  Shape shape;

  ConstTensorView() = default;
  ConstTensorView(const float* d, const Shape& sh) : data(d), type(DataType::kFloat32), shape(sh) {}
  ConstTensorView(const double* d, const Shape& sh)
      : data(d), type(DataType::kFloat64), shape(sh) {}
  int64_t Bytes() const { return shape.Elements() * SizeOf(type); }
  // The elements; T must be the view's type (ShapeError otherwise).
  template <class T>
  const T* As() const;
};

struct TensorView {
  void* data = nullptr;
  DataType type = DataType::kFloat32;
  Shape shape;

  TensorView() = default;
  TensorView(float* d, const Shape& sh) : data(d), type(DataType::kFloat32), shape(sh) {}
  TensorView(double* d, const Shape& sh) : data(d), type(DataType::kFloat64), shape(sh) {}
  int64_t Bytes() const { return shape.Elements() * SizeOf(type); }
  template <class T>
  T* As() const;
  template <class T>
  std::span<T> Span() const {
    return {As<T>(), static_cast<size_t>(shape.Elements())};
  }
  operator ConstTensorView() const;  // NOLINT(google-explicit-constructor): as T* to const T*
};

// Reads or writes element i of a view of either type, converting; for small parameter and buffer
// tensors, not for inner loops.
double Get(const ConstTensorView& view, int64_t i);
void Set(const TensorView& view, int64_t i, double value);

// Calls body(offset, n, c, element): a value's place in memory, and within its sample.
template <class Body>
void ForEachElement(const Shape& shape, const Body& body) {
  const int64_t sample = shape.c * shape.s;
  for (int64_t n = 0; n < shape.n; ++n) {
    for (int64_t element = 0; element < sample; ++element) {
      const int64_t c =
          shape.layout == Layout::kChannelsFirst ? element / shape.s : element % shape.c;
      body(n * sample + element, n, c, element);
    }
  }
}

}  // namespace normsweep
