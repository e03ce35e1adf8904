// What an output's error is measured in and how large it may be, for whoever compares a backend
// with the float64 reference (experiments check and speed).
#pragma once

#include <span>
#include <string>

#include "harness/experiments/check/tolerance.h"
#include "norms/normalizer.h"

namespace normsweep {

double Largest(std::span<const double> values);  // magnitude

// The largest |got - expected| / scale; infinite where the sizes differ, where only one side is
// finite, or where there is a difference and the scale is not above 0. T: float or double.
template <class T>
double ScaledError(std::span<const T> got, std::span<const double> expected, double scale);

// Gives every parameter a value other than its start, the same in each backend: gamma and g times
// 0.5 to 1.5, beta from -1 to 1, multiples of 1/16. `unit`: factors of 1 and a beta of 0.
void DrawParameters(Normalizer* normalizer, bool unit);

// Sets input->terms and input->condition from the reference after its Forward of x to y, and
// returns its gain: the largest factor from dy gamma to dx, r / sqrt(variance + eps) (weights:
// |y / x|).
double TakeConditions(const Normalizer& reference, std::span<const double> x,
                      std::span<const double> y, ToleranceInput* input);

// Of y: the largest |y|, and for a backend that folds the mean (tolerance.h) at least max|gamma| f,
// f = c / (1 + c) with c the condition: times (1 + c), as the tolerance is, that is the size of the
// terms that cancel where x is near its mean.
double OutputScale(Normalizer* reference, const ToleranceInput& input, std::span<const double> y);

// Of the gradient of `parameter`, one of the reference's: the largest over its values of
// |start| + sum |dy x^|, or sum |dy| for beta. With a folded mean |x^| is at least f.
double GradientScale(Normalizer* reference, const ToleranceInput& input, const Parameter& parameter,
                     std::span<const double> y, std::span<const double> dy, double start);

// Of dx: the largest |dx| and gain max|gamma| max|dy|, whichever is larger, so that an output that
// cancels to 0 has a scale.
double InputGradientScale(Normalizer* reference, double gain, std::span<const double> dy,
                          std::span<const double> dx);

}  // namespace normsweep
