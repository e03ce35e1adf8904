// What the module that links libtorch offers to the programs that load it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "norms/normalizer.h"

// The new normalizer `name` ("batch", "layer", "instance", "group" or "weight"), owned by the
// caller; null with *why_not where torch's operators cannot do it.
extern "C" normsweep::Normalizer* NormsweepMakeTorch(const char* name,
                                                     const nlohmann::json& options,
                                                     const normsweep::Shape& shape,
                                                     std::string* why_not);
