// No normalization, y = x (or relu(x), activation.h): the baseline of every comparison, and the
// harness's own overhead. x y [N, C, S]; no parameters, no buffers.
#pragma once

#include <memory>
#include <string>

#include "norms/activation.h"
#include "norms/normalizer.h"
#include "norms/options.h"

namespace normsweep {

struct NoneNormOptions {
  Activation activation = Activation::kNone;
};
NoneNormOptions ReadNoneNormOptions(OptionReader* reader);

std::unique_ptr<Normalizer> MakeNoneNorm(const nlohmann::json& options, const Shape& shape,
                                         std::string* why_not);
std::unique_ptr<Normalizer> MakeNoneNormReference(const nlohmann::json& options, const Shape& shape,
                                                  std::string* why_not);

}  // namespace normsweep
