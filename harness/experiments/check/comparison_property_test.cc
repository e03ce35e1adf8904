// Random calls against the reference, with the check's own scales and tolerances.
#include <string>
#include <vector>

#include "harness/experiments/check/comparison.h"
#include "norms/testing/catch.h"
#include "norms/testing/property.h"
#include "norms/testing/random_case.h"

namespace normsweep {
namespace {

using testing::RandomCase;

CheckInput InputOf(const RandomCase& one) {
  const auto draw = [&](const RandomCase& of, uint64_t stream) {
    const std::vector<float> values = testing::Draw(of, stream);
    return std::vector<double>(values.begin(), values.end());
  };
  RandomCase gradient = one;
  gradient.fill = testing::Fill::kGaussian;
  gradient.ratio = 0;
  gradient.scale = 1;
  CheckInput input;
  input.data = {draw(one, 0), draw(one, 1), draw(gradient, 2)};
  // Where eps is most of the variance a beta of about 1 hides what is normalized.
  input.unit_parameters = one.scale < 1e-2;
  return input;
}

void HoldsTolerance(const RandomCase& one, int* compared) {
  const testing::ThreadsInForce threads(one.threads);
  const Comparison comparison =
      Compare(one.spec, one.shape, one.mode, InputOf(one),
              [](const NormalizerSpec& spec, const Shape& shape, std::string* why_not) {
                return Create(spec, shape, why_not);
              });
  if (!comparison.mismatch.empty()) RC_FAIL(comparison.mismatch);
  for (const OutputError& entry : comparison.errors) {
    if (entry.error <= entry.tolerance) continue;
    RC_FAIL(entry.output + " is off by " + std::to_string(entry.error / 0x1p-24) +
            " u, tolerance " + std::to_string(entry.tolerance / 0x1p-24) + " u (u = 2^-24)");
  }
  *compared += comparison.errors.empty() ? 0 : 1;
}

// One row alone: harness_tests "random calls of every normalizer*" -c "group native".
TEST_CASE("random calls of every normalizer hold the tolerance") {
  for (const RegistryRow& row : Registry()) {
    if (row.factory == nullptr || std::string(row.backend) == "reference") continue;
    const std::string name = std::string(row.name) + " " + row.backend;
    DYNAMIC_SECTION(name) {
      int compared = 0, all = 0;
      testing::CheckProperty(name, 150, [&] {
        const RandomCase one = *testing::CasesOf(row);
        ++all;
        HoldsTolerance(one, &compared);
      });
      CHECK(2 * compared > all);  // the others: refused by both, or beyond the peer
    }
  }
}

}  // namespace
}  // namespace normsweep
