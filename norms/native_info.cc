#include "norms/native_info.h"

#include <utility>

namespace normsweep {
namespace {

// What the native loops were compiled for.
std::string InstructionSet() {
#if defined(__AVX512F__)
  return "x86-64 AVX-512";
#elif defined(__AVX2__)
  return "x86-64 AVX2";
#elif defined(__SSE2__)
  return "x86-64 SSE2";
#elif defined(__aarch64__)
  return "aarch64 NEON";
#else
  return "scalar";
#endif
}

}  // namespace

NormalizerInfo NativeInfo(std::string name, std::string label, Target target,
                          nlohmann::json options) {
  NormalizerInfo info;
  info.name = std::move(name);
  info.backend = "native";
  info.label = std::move(label);
  info.implementation = InstructionSet();
  info.target = target;
  info.options = std::move(options);
  return info;
}

}  // namespace normsweep
