#include "harness/experiments/train/probes/probe.h"

#include "harness/experiments/train/probes/covariate_shift.h"
#include "harness/experiments/train/probes/input_percentiles.h"
#include "harness/experiments/train/probes/landscape.h"
#include "harness/experiments/train/probes/start_statistics.h"

namespace normsweep {

std::vector<std::unique_ptr<Probe>> MakeProbes(const MeasureConfig& config,
                                               const ProbeContext& context) {
  std::vector<std::unique_ptr<Probe>> probes;
  if (config.statistics) probes.push_back(std::make_unique<StartStatistics>(context));
  if (config.percentiles) {
    probes.push_back(
        std::make_unique<InputPercentiles>(context.dataset.validation, context.multiple));
  }
  if (config.landscape) probes.push_back(std::make_unique<Landscape>(config.landscape_steps));
  if (config.covariate_shift) probes.push_back(std::make_unique<CovariateShift>());
  return probes;
}

bool IsProbed(int64_t step, int64_t steps, int64_t times) {
  return step == 0 || step * times / steps != (step - 1) * times / steps;
}

}  // namespace normsweep
