#pragma once

#include <string>

#include "norms/normalizer.h"

namespace normsweep {

// An info with the fields that every native normalizer shares; `label` as in NormalizerInfo.
NormalizerInfo NativeInfo(std::string name, std::string label, Target target,
                          nlohmann::json options);

}  // namespace normsweep
