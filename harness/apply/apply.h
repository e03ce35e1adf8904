// One call of one normalizer on arrays, so that any of them can be compared with any framework.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "harness/apply/npy.h"
#include "norms/normalizer.h"
#include "norms/registry.h"

namespace normsweep {

struct ApplyInput {
  NormalizerSpec spec;
  Mode mode = Mode::kTrain;
  Layout layout = Layout::kChannelsFirst;
  NpyArray x;                                  // [N, C, ...] or [N, ..., C]; a weight [O, I, ...]
  std::map<std::string, NpyArray> parameters;  // by name; the others keep their start
  std::map<std::string, NpyArray> buffers;
  std::optional<NpyArray> dy;  // then backward too; as x
};

// All of the backend's element type.
struct ApplyOutput {
  NpyArray y;
  std::optional<NpyArray> dx;
  // After the call: "gamma", "gamma.grad" (0 without dy), "running_mean". One value a channel has
  // shape [C], one an element of a sample that of a sample, one an output unit [O], one in all [].
  std::map<std::string, NpyArray> state;
};

// A weight's normalizer is started from x (Init, seed 0) before parameters and buffers are put in.
// Input of another element type is converted (float64 rounds to float32). Throws ConfigError for a
// parameter or a buffer that does not exist or a combination that this backend cannot do;
// OptionError and UnknownNameError as Create; ShapeError for arrays that do not fit.
ApplyOutput Apply(const ApplyInput& input);

}  // namespace normsweep
