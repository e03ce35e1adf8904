#include "norms/native_info.h"

#include <utility>

#include "norms/kernels/target.h"

namespace normsweep {

NormalizerInfo NativeInfo(std::string name, std::string label, Target target,
                          nlohmann::json options) {
  NormalizerInfo info;
  info.name = std::move(name);
  info.backend = "native";
  info.label = std::move(label);
  info.implementation = kernels::CurrentTarget();
  info.target = target;
  info.options = std::move(options);
  return info;
}

}  // namespace normsweep
