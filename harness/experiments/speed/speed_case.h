// One case of experiment `speed`, read from its JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "norms/registry.h"

namespace normsweep {

// What is timed. kBackward is the Backward after a kTrain Forward, which the clock does not see.
enum class TimedCall { kTrain, kEval, kBackward };

struct SpeedCase {
  NormalizerSpec spec;  // of backend native
  std::string label;    // "group(32)"
  Shape shape;
  std::string shape_text;  // "[32,64,56,56]": N and C first in either layout
  TimedCall call = TimedCall::kTrain;
  std::string mode = "train";
  bool cold = false;
  int threads = 0;  // 0: as many as the run has
  std::vector<std::string> contestants;
  int repetitions = 15;
  double min_time = 0.002;  // seconds of one repetition, at least
  double max_time = 0.3;    // seconds of all repetitions of a contestant, before they become fewer
  uint64_t seed = 1;

  Mode forward_mode() const { return call == TimedCall::kEval ? Mode::kEval : Mode::kTrain; }
  bool backward() const { return call == TimedCall::kBackward; }
};

// Keys: normalizer, shape, and optional layout, mode, cache, threads, contestants, repetitions,
// min_time, max_time, seed. Throws ConfigError.
SpeedCase ReadSpeedCase(const nlohmann::json& resolved_case);

// The cases that a config's `groups` stand for: in each group every normalizer on every shape (with
// `batch_sizes` each of these before each of the shapes), layout, mode, cache and thread count. A
// shape whose S is 1 is the same memory in both layouts, so it gets the first of the layouts only.
// Throws ConfigError with pointers into the config.
std::vector<nlohmann::json> ExpandGroups(const nlohmann::json& config);

}  // namespace normsweep
