// What the float64 reference says about the timed data, once for all contestants of a case.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "harness/experiments/check/comparison.h"
#include "harness/experiments/check/tolerance.h"
#include "harness/experiments/speed/contestant.h"

namespace normsweep {

class Truth {
 public:
  // Throws Error where the reference refuses the tensor (one value a set in training). Needs 32
  // bytes a value of the tensor, of which 8 stay until the object goes.
  Truth(const SpeedCase& one, const SpeedData& data);

  const StartState& start() const { return start_; }

  // Every output of one Call on set 0: y, or dx and the gradients, by the scales and tolerances of
  // experiment `check` for this backend. The worst one comes back.
  OutputError Check(Contestant* contestant, const BufferSets& sets,
                    const std::string& backend) const;

 private:
  struct Expected {
    std::string name;
    std::vector<double> values;
    double scale;
    double folded_scale;  // for a backend that folds the mean
  };
  void TakeStart(Normalizer* reference, const std::vector<double>& x);

  bool backward_;
  ToleranceInput tolerance_;
  StartState start_;
  Expected out_;
  std::vector<Expected> gradients_;
};

}  // namespace normsweep
