#include "harness/experiments/registry.h"

#include <array>

#include "harness/experiments/train/train_experiment.h"
#include "harness/report/error_tables.h"

namespace normsweep {
namespace {

constexpr std::array kExperiments = {
    ExperimentKind{"train", "train a network with each normalizer", MakeTrainExperiment, true,
                   PrintErrorTables},
};

}  // namespace

std::span<const ExperimentKind> Experiments() { return kExperiments; }

}  // namespace normsweep
