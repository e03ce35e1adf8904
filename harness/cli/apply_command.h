// normsweep apply: .npy files in and out.
#pragma once

#include <string>
#include <vector>

#include "harness/cli/console.h"

namespace normsweep {

struct ApplyOptions {
  std::string normalizer;
  std::string backend = "native";
  std::string options = "{}";  // JSON
  std::string mode = "train";
  std::string layout = "channels_first";
  std::string input, output;
  std::vector<std::string> parameters, buffers;  // NAME=FILE
  std::string grad_output, grad_input;           // both or neither
  std::string save_state;                        // a folder; empty: none
  int threads = 0;                               // 0: all cores
};

// Writes all of the files or none. Returns the exit status.
int ApplyCommand(const ApplyOptions& options, const Console& console);

}  // namespace normsweep
