// Loops over rows, a row being a set whose elements have a gamma and a beta each: a sample of a
// fully connected layer or a token, one of its groups, and a whole sample of layer norm with
// parameters per element.
//
// All may run in place (y == x, dx == dy).
#pragma once

#include <cstdint>

#include "norms/kernels/coefficients.h"
#include "norms/kernels/exact.h"

namespace normsweep::kernels {

constexpr int64_t kRowGroup = 4;  // rows that Backward takes in one go

// `rows` rows of `length` values, each `stride` values after the one before: whole sets side by
// side, or a piece of each. gamma and beta, both or neither, have `period` values: row i's start at
// (first + i stride) mod period.
struct RowBlock {
  int64_t rows;
  int64_t length;
  int64_t stride;
  int64_t first;
  int64_t period;
  bool stream = false;  // the output past the cache (parallel.h fences)
};

// y = x^ gamma + beta, relu
void ApplyRows(const float* x, float* y, const RowBlock& block, const Coefficients& sets,
               const Affine& affine);

// Of each row: sum(g) and sum(g x^), g = dy gamma, x^ with the shift; dy masked by relu.
void SumRowBlock(const float* x, const float* dy, const RowBlock& block, const Coefficients& sets,
                 const Affine& affine, GradientSums* sums);

// dx = scale ((dy gamma - t) - q x^). With a gamma: dgamma[j] += sum of dy x^ and dbeta[j] += sum
// of dy over the rows, in float32, j counted from the period's start; at most 32 rows between two
// calls of Drain.
void BackwardRows(const float* x, const float* dy, float* dx, const RowBlock& block,
                  const Coefficients& sets, const Affine& affine, float* dgamma, float* dbeta);

// sum[j] += part[j], part[j] = 0
void Drain(float* part, int64_t n, double* sum);

// gradient[j] += sum[j]
void AddSums(const double* sum, int64_t n, float* gradient);

}  // namespace normsweep::kernels
