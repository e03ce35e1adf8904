#include "harness/apply/apply.h"

#include <algorithm>
#include <memory>

#include "harness/config/config_error.h"
#include "norms/errors.h"

namespace normsweep {
namespace {

// Memory of a backend's element type.
class Tensor {
 public:
  Tensor(DataType type, const Shape& shape) : type_(type), shape_(shape) {
    const auto elements = static_cast<size_t>(shape.Elements());
    if (type == DataType::kFloat32) {
      singles_.resize(elements);
    } else {
      doubles_.resize(elements);
    }
  }

  TensorView View() {
    return type_ == DataType::kFloat32 ? TensorView(singles_.data(), shape_)
                                       : TensorView(doubles_.data(), shape_);
  }

 private:
  DataType type_;
  Shape shape_;
  std::vector<float> singles_;
  std::vector<double> doubles_;
};

void Put(const NpyArray& array, const TensorView& view) {
  for (size_t i = 0; i < array.values.size(); ++i) {
    Set(view, static_cast<int64_t>(i), array.values[i]);
  }
}

NpyArray Take(const TensorView& view, std::vector<int64_t> dims) {
  NpyArray array{std::move(dims), view.type,
                 std::vector<double>(static_cast<size_t>(view.shape.Elements()))};
  for (size_t i = 0; i < array.values.size(); ++i) {
    array.values[i] = Get(view, static_cast<int64_t>(i));
  }
  return array;
}

// What the file of a parameter or buffer has for a shape; `x` as the user gave it.
std::vector<int64_t> DimsOf(const Shape& shape, const Shape& x,
                            const std::vector<int64_t>& x_dims) {
  if (shape.n == 1 && shape.c == x.c && shape.s == x.s && x.s > 1) {
    return {x_dims.begin() + 1, x_dims.end()};
  }
  if (shape.n == 1 && shape.c == x.c && shape.s == 1) return {shape.c};
  if (shape.c == 1 && shape.n == x.n && shape.s == 1) return {shape.n};
  if (shape.Elements() == 1) return {};
  std::vector<int64_t> dims = {shape.n, shape.c, shape.s};
  std::erase(dims, 1);
  return dims;
}

std::vector<int64_t> Squeezed(std::vector<int64_t> dims) {
  std::erase(dims, 1);
  return dims;
}

// Members of `slots` (parameters or buffers) by name; each given array must be one of them.
template <class Slot>
void PutState(const char* kind, const Normalizer& normalizer, std::span<const Slot> slots,
              const std::map<std::string, NpyArray>& given, const ApplyInput& input) {
  for (const auto& [name, array] : given) {
    const Slot* slot = FindNamed(slots, name);
    if (slot == nullptr) {
      throw ConfigError("", normalizer.Info().label + " has no " + kind + " \"" + name +
                                "\", expected " + (slots.empty() ? "none" : "one of") +
                                QuotedNames(slots, &Slot::name));
    }
    const std::vector<int64_t> dims = DimsOf(slot->value.shape, normalizer.shape(), input.x.dims);
    if (Squeezed(array.dims) != Squeezed(dims)) {
      throw ShapeError(std::string(kind) + " \"" + name + "\" has shape " + DimsText(array.dims) +
                       ", expected " + DimsText(dims));
    }
    Put(array, slot->value);
  }
}

std::unique_ptr<Normalizer> MakeNormalizer(const ApplyInput& input, const Shape& shape) {
  std::string why_not;
  auto normalizer = Create(input.spec, shape, &why_not);
  if (normalizer == nullptr) {
    throw ConfigError(
        "", input.spec.name + " is not to be had from " + input.spec.backend + ": " + why_not);
  }
  return normalizer;
}

void CheckGradient(const ApplyInput& input) {
  if (input.dy && input.dy->dims != input.x.dims) {
    throw ShapeError("the output's gradient has shape " + DimsText(input.dy->dims) +
                     ", expected that of the input, " + DimsText(input.x.dims));
  }
}

}  // namespace

ApplyOutput Apply(const ApplyInput& input) {
  const Shape shape = MakeShape(input.x.dims, input.layout);
  CheckGradient(input);
  const auto normalizer = MakeNormalizer(input, shape);
  const DataType type = normalizer->Info().data_type;
  Tensor x(type, shape), y(type, shape);
  Put(input.x, x.View());
  normalizer->Init(x.View(), 0);
  PutState<Parameter>("parameter", *normalizer, normalizer->Parameters(), input.parameters, input);
  PutState<Buffer>("buffer", *normalizer, normalizer->Buffers(), input.buffers, input);
  for (const Parameter& parameter : normalizer->Parameters()) {
    for (int64_t i = 0; i < parameter.gradient.shape.Elements(); ++i) Set(parameter.gradient, i, 0);
  }
  normalizer->Forward(input.mode, x.View(), y.View());
  ApplyOutput output{Take(y.View(), input.x.dims), std::nullopt, {}};
  if (input.dy) {
    Tensor dy(type, shape), dx(type, shape);
    Put(*input.dy, dy.View());
    normalizer->Backward(x.View(), dy.View(), dx.View());
    output.dx = Take(dx.View(), input.x.dims);
  }
  const auto dims = [&](const TensorView& view) { return DimsOf(view.shape, shape, input.x.dims); };
  for (const Parameter& parameter : normalizer->Parameters()) {
    output.state[parameter.name] = Take(parameter.value, dims(parameter.value));
    output.state[parameter.name + ".grad"] = Take(parameter.gradient, dims(parameter.gradient));
  }
  for (const Buffer& buffer : normalizer->Buffers()) {
    output.state[buffer.name] = Take(buffer.value, dims(buffer.value));
  }
  return output;
}

}  // namespace normsweep
