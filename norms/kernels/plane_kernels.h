// Loops over planes, the S values of one channel of one sample side by side (channels_first). A
// kernel takes many planes: at 7x7 a call each would cost as much as the plane.
//
// All may run in place (y == x, dx == dy).
#pragma once

#include <cstdint>

#include "norms/kernels/coefficients.h"
#include "norms/kernels/exact.h"

namespace normsweep::kernels {

// Planes [first, last) of s values, side by side; pointers are to the first one. Plane p belongs to
// channel p mod channels and to set p / planes_per_set - set_shift. gamma and beta start at channel
// 0, sets at set 0. A piece of a plane is a block of one plane with a smaller s.
struct PlaneBlock {
  int64_t first;
  int64_t last;
  int64_t s;
  int64_t channels;
  int64_t planes_per_set = 1;
  int64_t set_shift = 0;
  bool stream = false;  // the output past the cache (parallel.h fences)
  // With stream: also fetch what lies this many values behind, the input of the block after this
  // one, so that memory reads while it writes.
  int64_t ahead = 0;
};

// y = x^ gamma + beta, relu
void ApplyPlanes(const float* x, float* y, const PlaneBlock& block, const Coefficients& sets,
                 const Affine& affine);

// Of each plane: sum(dy) and sum(dy x^), x^ = e scale without the shift; dy masked by relu.
void SumPlanes(const float* x, const float* dy, const PlaneBlock& block, const Coefficients& sets,
               const Affine& affine, GradientSums* sums);

// The same over rows that share a set and a channel: the planes of a channel. `sets` and `affine`
// start at theirs.
GradientSums SumPlaneRows(const float* x, const float* dy, const Rows& rows,
                          const Coefficients& sets, const Affine& affine);

// And for `channels` neighbouring channels, a set each: the first row of each is rows.n values after
// that of the one before.
void SumChannels(const float* x, const float* dy, int64_t channels, const Rows& rows,
                 const Coefficients& sets, const Affine& affine, double* g, double* gx);

// dx = scale ((dy gamma - t) - q x^)
void BackwardPlanes(const float* x, const float* dy, float* dx, const PlaneBlock& block,
                    const Coefficients& sets, const Affine& affine);

}  // namespace normsweep::kernels
