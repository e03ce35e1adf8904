// Mean and sum of squared deviations: sums of x - center and of its square in float32, at most 32
// additions a lane, then float64, around a center sampled from the values. What float32 cannot hold
// is summed again in float64 (exact.h), so that every range and every mean is good.
#pragma once

#include <cstdint>

#include "norms/kernels/exact.h"

namespace normsweep::kernels {

// Values that one center serves: 32 KiB.
constexpr int64_t kTileValues = 8192;
// Length of the pieces, equal but for the last one, that a longer run is cut into: whole lines.
inline int64_t PieceLength(int64_t n) {
  const int64_t pieces = (n + kTileValues - 1) / kTileValues;
  return pieces == 1 ? n : ((n + pieces - 1) / pieces + 15) / 16 * 16;
}

// Of rows of values (the planes of a channel, or one run), for at most a few tiles' worth.
Moments RowMoments(const float* x, const Rows& rows);

// Mean and biased variance of each of `sets` sets of `rows`, the first row of each n values after
// that of the one before: runs side by side (one row each), or neighbouring channels.
void SetMoments(const float* x, int64_t sets, const Rows& rows, double* mean, double* variance);

// Columns: `rows` rows of `columns` values, a row `stride` values after the one before; a column is
// a channel, or one position of it.
struct ColumnRows {
  int64_t rows;
  int64_t columns;
  int64_t stride;
};
// center[j]: the mean of column j over a few rows, spread over all of them.
void ColumnCenters(const float* x, const ColumnRows& block, float* center);
// sum[j] and square[j] of x - center[j] over rows <= kColumnRows.
constexpr int64_t kColumnRows = 128;  // 32 additions of 4 rows each
void ColumnMoments(const float* x, const ColumnRows& block, const float* center, float* sum,
                   float* square);
// sum[i] += the n values of run i, side by side.
void AddRuns(const float* values, int64_t runs, int64_t n, double* sum);
// sum[j] = those of `tiles` tiles, `stride` apart; with `add` they are added to it.
void AddTiles(const float* tile_sums, int64_t tiles, int64_t stride, int64_t n, bool add,
              double* sum);
// Mean and biased variance of `columns` columns of `count` values each. False where one of them is
// not to be trusted; its variance is then NaN.
bool FinishColumns(const float* center, const double* sum, const double* square, int64_t columns,
                   int64_t count, double* mean, double* variance);

}  // namespace normsweep::kernels
