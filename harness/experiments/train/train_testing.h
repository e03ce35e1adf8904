// What tests of trainings share.
#pragma once

#include "harness/experiments/train/train_experiment.h"

namespace normsweep {

// The first result of a case that the program would run.
inline CaseResult RunTraining(const nlohmann::json& json) {
  const auto experiment = MakeTrainExperiment();
  experiment->Validate(json);
  experiment->Prepare({json}, {});
  return experiment->Run(json).front();
}

}  // namespace normsweep
