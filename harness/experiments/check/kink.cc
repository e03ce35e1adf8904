#include "harness/experiments/check/kink.h"

#include <cmath>

namespace normsweep {
namespace {

void CopyValues(const TensorView& from, const TensorView& to) {
  for (int64_t i = 0; i < from.shape.Elements(); ++i) Set(to, i, Get(from, i));
}

}  // namespace

bool HasFusedRelu(const NormalizerSpec& spec) {
  return spec.options.value("activation", "none") == "relu";
}

NormalizerSpec WithoutActivation(NormalizerSpec spec) {
  spec.options.erase("activation");
  return spec;
}

std::unique_ptr<Normalizer> MakeWithoutActivation(const NormalizerSpec& spec, const Shape& shape,
                                                  Normalizer* of) {
  auto made = Create(WithoutActivation(spec), shape);
  for (const Parameter& parameter : of->Parameters()) {
    CopyValues(parameter.value, FindNamed(made->Parameters(), parameter.name)->value);
  }
  for (const Buffer& buffer : of->Buffers()) {
    CopyValues(buffer.value, FindNamed(made->Buffers(), buffer.name)->value);
  }
  return made;
}

int64_t SilenceKink(std::span<const double> z, double distance, std::vector<double>* dy) {
  int64_t near = 0;
  for (size_t i = 0; i < z.size(); ++i) {
    if (std::abs(z[i]) > distance || std::isnan(z[i])) continue;
    (*dy)[i] = 0;
    ++near;
  }
  return near;
}

}  // namespace normsweep
