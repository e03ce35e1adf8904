// The parts of a check. Each turns one resolved case into one row.
//
// Status: PASSED; FAILED; SKIPPED (the backend cannot do it, with its reason); PEER_LIMIT (a peer
// is known not to hold the tolerance here, with the reason; one that does hold it is FAILED);
// MISTRUSTED (it passed, but nearly all of y and dx is 0, so that passing means little). Metrics:
// worst_error relative to the output's scale, its tolerance, worst_at (output and shape),
// comparisons, and what the suite adds.
#pragma once

#include <nlohmann/json.hpp>

#include "harness/experiments/experiment.h"
#include "norms/registry.h"

namespace normsweep {

// normalizer, backend, layout, mode, input, shapes [, mutant]: over all the shapes.
CaseResult RunBackendSuite(const nlohmann::json& resolved_case);
// normalizer, layout, mode: the reference's gradients over small shapes.
CaseResult RunGradientSuite(const nlohmann::json& resolved_case);
// identity, backend.
CaseResult RunIdentitySuite(const nlohmann::json& resolved_case);
// mutant, normalizers, shapes: PASSED when a comparison of RunBackendSuite fails.
CaseResult RunMutantSuite(const nlohmann::json& resolved_case);

// The normalizer of a case as the library takes it.
NormalizerSpec SpecOf(const nlohmann::json& normalizer, const std::string& backend);
Layout LayoutOf(const std::string& name);  // throws UnknownNameError
Mode ModeOf(const std::string& name);      // throws UnknownNameError

}  // namespace normsweep
