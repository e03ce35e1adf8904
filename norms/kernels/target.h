// Which of the instruction sets that the kernels were compiled for runs. Highway picks the best one
// of the machine; the environment variable NORMSWEEP_TARGET (AVX3, AVX2, SSE4, SCALAR, NEON, ...)
// forces another one.
#pragma once

#include <string>
#include <vector>

namespace normsweep::kernels {

// Highway's names of the compiled sets that this machine has, best first.
std::vector<std::string> Targets();

// From now on this one; an empty name means the best. Throws UnknownNameError. Not for use beside a
// running Forward or Backward, and neither is Targets.
void ForceTarget(const std::string& name);

// The name of the one that runs. The first call obeys NORMSWEEP_TARGET, and throws as ForceTarget.
std::string CurrentTarget();

}  // namespace normsweep::kernels
