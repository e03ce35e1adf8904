#include "harness/experiments/registry.h"

#include <array>

#include "harness/experiments/check/check_experiment.h"
#include "harness/experiments/check/check_tables.h"
#include "harness/experiments/speed/speed_experiment.h"
#include "harness/experiments/speed/speed_tables.h"
#include "harness/experiments/statistics/statistics_experiment.h"
#include "harness/experiments/statistics/statistics_tables.h"
#include "harness/experiments/train/train_experiment.h"
#include "harness/report/error_tables.h"

namespace normsweep {
namespace {

constexpr std::array kExperiments = {
    ExperimentKind{"check", "backends against the float64 reference, and the checks of the checks",
                   MakeCheckExperiment, CaseThreads::kShared, PrintCheckTables},
    ExperimentKind{"speed", "times of each normalizer, of its peers and of a plain copy",
                   MakeSpeedExperiment, CaseThreads::kAlone, PrintSpeedTables},
    ExperimentKind{"statistics", "how wrong the statistics of a batch are, without training",
                   MakeStatisticsExperiment, CaseThreads::kOne, PrintStatisticsTables},
    ExperimentKind{"train", "networks trained with each normalizer over a sweep",
                   MakeTrainExperiment, CaseThreads::kOne, PrintErrorTables},
};

}  // namespace

std::span<const ExperimentKind> Experiments() { return kExperiments; }

}  // namespace normsweep
