// One backend against the float64 reference, on one shape: the same numbers in, every output
// compared.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "harness/experiments/check/fill.h"
#include "norms/registry.h"

namespace normsweep {

// Makes the backend under test; Create, or a mutant in its place.
using Creator =
    std::function<std::unique_ptr<Normalizer>(const NormalizerSpec&, const Shape&, std::string*)>;

struct OutputError {
  std::string output;    // "y", "dx", "gamma.grad", "running_var", "mean", "variance", "r", "d"
  double error = 0;      // largest |difference| / scale; infinite where only one side is finite
  double tolerance = 0;  // of `error`
};

struct Comparison {
  std::string skipped;   // the backend's reason; then nothing else is set
  std::string mismatch;  // one side refused the input and the other did not
  std::vector<OutputError> errors;
  bool refused = false;   // both refused it, and wrote nothing
  int64_t values = 0;     // of y and dx in the reference,
  int64_t zeros = 0;      // and how many of them are 0
  int64_t near_kink = 0;  // values of y that a fused relu may pass or not (kink.h)
  std::string implementation;
};

// spec.backend against "reference": warm-up in kTrain, then Forward in `mode` and Backward. Scales,
// so that an error is a rounding error where nothing is wrong, even if the output itself cancels to
// 0:
//   y            max |y|; with a fused relu max |z|, z being what comes before it
//   dx           max of |dx| and of gain max|gamma| max|dy|, gain = r / sqrt(variance + eps) (weights: |y / x|)
//   gradients    max over the parameters of sum |dz x^|, or sum |dz|; dz is dy where relu passes
//                of a backend that folds the mean (tolerance.h), with c = |mean| / sqrt(variance + eps)
//                of the worst set: y at least max|gamma| c / (1 + c), and |x^| at least c / (1 + c)
//   buffers      max |buffer|; running_mean: at least max |x|; running_var: + eps, as it is used
//   mean         max |x|;   variance  max variance (peers: + eps);   r, d: max |r|, max |d| and 1
struct CheckInput {
  CheckData data;
  bool exact = false;            // no sum of it rounds, in any order
  bool unit_parameters = false;  // for x so small that a beta or a gradient of 1 would hide it
};
Comparison Compare(const NormalizerSpec& spec, const Shape& shape, Mode mode, CheckInput input,
                   const Creator& create);
// With a fill (fill.h).
Comparison Compare(const NormalizerSpec& spec, const Shape& shape, Mode mode,
                   const std::string& fill, const Creator& create);

}  // namespace normsweep
