// The engine of columns: channels lie side by side, rows are the positions of a sample, and every
// column has coefficients of its own. For channels_last, and for batch norm of [N, C], where the
// view [N/W, W C] makes sub-batches columns too.
#include <algorithm>

#include "norms/engine.h"
#include "norms/kernels/column_kernels.h"
#include "norms/parallel.h"

namespace normsweep {
namespace {

using kernels::ColumnBlock;
using kernels::ColumnCoefficients;
using kernels::ColumnGradients;
using kernels::kColumnChunk;

constexpr int64_t kTileValues = 8192;  // 32 KiB, as in engine_runs.cc

class ColumnsEngine final : public Engine {
 public:
  int64_t SetOf(int64_t part, int64_t group) const override {
    return part * partition_.groups + group;
  }
  int64_t GroupOf(int64_t set) const override { return set % partition_.groups; }

 protected:
  void DoPlan() override;
  void MeasureTile(int64_t block, int64_t tile) override;
  void MergeMoments(int64_t block) override;
  void ApplyTile(int64_t block, int64_t tile) override;
  void SumTile(int64_t block, int64_t tile) override;
  void MergeSums(int64_t block) override;
  void BackwardTile(int64_t block, int64_t tile) override;
  void ParametersFromSums() override;

 private:
  // Rows of one part: a part's columns keep their sets from the first row to the last.
  struct Tile {
    int64_t part;    // sample; or which of the equal runs of rows of a batch
    int64_t offset;  // of the first value
    int64_t rows;
    size_t slot;  // first of `columns_` in the work space
  };
  Tile TileOf(int64_t block, int64_t tile) const;
  // Calls body(first column, columns) for chunks of at most kColumnChunk.
  template <class Body>
  void ForChunks(const Body& body) const;
  size_t SetOfColumn(int64_t part, int64_t column) const;
  int64_t ChannelOfColumn(int64_t column) const { return column % shape_.c; }
  void LoadCoefficients(int64_t part, int64_t first, int64_t n, bool affine,
                        ColumnCoefficients* columns) const;

  int64_t columns_ = 0;
  int64_t parts_ = 0;      // of the tensor
  int64_t rows_ = 0;       // of a part
  int64_t tile_rows_ = 0;  // of a tile; the last of a part may have fewer
  int64_t tiles_per_part_ = 0;
  std::vector<double> first_sums_, second_sums_;  // [tile][column]: moments, or gradient sums
  std::vector<Moments> merged_;
};

void ColumnsEngine::DoPlan() {
  columns_ = shape_.c;
  parts_ = shape_.n;
  rows_ = shape_.s;
  if (partition_.across_samples && partition_.sub_batches == 1) {
    parts_ = 1;  // all rows have the same sets
    rows_ = shape_.n * shape_.s;
  } else if (partition_.across_samples && shape_.s == 1) {
    columns_ = partition_.sub_batches * shape_.c;
    parts_ = 1;
    rows_ = shape_.n / partition_.sub_batches;
  }
  tile_rows_ = std::min(rows_, std::max<int64_t>(1, kTileValues / columns_));
  tiles_per_part_ = (rows_ + tile_rows_ - 1) / tile_rows_;
  blocks_ = partition_.across_samples ? 1 : parts_;
  tiles_ = parts_ * tiles_per_part_ / blocks_;
  const auto slots = static_cast<size_t>(blocks_ * tiles_ * columns_);
  first_sums_.resize(slots);
  second_sums_.resize(slots);
  merged_.resize(static_cast<size_t>(sets()));
}

ColumnsEngine::Tile ColumnsEngine::TileOf(int64_t block, int64_t tile) const {
  const int64_t index = block * tiles_ + tile;
  const int64_t part = index / tiles_per_part_;
  const int64_t row = index % tiles_per_part_ * tile_rows_;
  return {part, (part * rows_ + row) * columns_, std::min(tile_rows_, rows_ - row),
          static_cast<size_t>(index * columns_)};
}

template <class Body>
void ColumnsEngine::ForChunks(const Body& body) const {
  for (int64_t first = 0; first < columns_; first += kColumnChunk) {
    body(first, std::min(kColumnChunk, columns_ - first));
  }
}

size_t ColumnsEngine::SetOfColumn(int64_t part, int64_t column) const {
  if (!partition_.across_samples) {
    return static_cast<size_t>(SetOf(part, column / (shape_.c / partition_.groups)));
  }
  // One part: a column is a set. A part a sample: sub-batch part mod W.
  return static_cast<size_t>(parts_ == 1 ? column : SetOf(part % partition_.sub_batches, column));
}

void ColumnsEngine::LoadCoefficients(int64_t part, int64_t first, int64_t n, bool affine,
                                     ColumnCoefficients* columns) const {
  const float* gamma = affine ? call_.affine.gamma : nullptr;
  const float* beta = affine ? call_.affine.beta : nullptr;
  for (int64_t j = 0; j < n; ++j) {
    const auto at = static_cast<size_t>(j);
    const SetCoefficients& set = coefficients_[SetOfColumn(part, first + j)];
    const int64_t channel = ChannelOfColumn(first + j);
    const float g = gamma == nullptr ? 1.0F : gamma[channel];
    columns->mean_hi[at] = set.mean_hi;
    columns->mean_lo[at] = set.mean_lo;
    columns->scale[at] = set.scale * g;
    columns->shift[at] = set.shift * g + (beta == nullptr ? 0.0F : beta[channel]);
  }
}

void ColumnsEngine::MeasureTile(int64_t block, int64_t tile) {
  const Tile t = TileOf(block, tile);
  ForChunks([&](int64_t first, int64_t n) {
    const size_t slot = t.slot + static_cast<size_t>(first);
    kernels::ColumnMoments(call_.x + t.offset + first, {t.rows, columns_, n}, &first_sums_[slot],
                           &second_sums_[slot]);
  });
}

void ColumnsEngine::MergeMoments(int64_t block) {
  const SetRange range = SetsOf(block);
  std::fill(merged_.begin() + range.first, merged_.begin() + range.last, Moments{});
  for (int64_t tile = 0; tile < tiles_; ++tile) {
    const Tile t = TileOf(block, tile);
    for (int64_t column = 0; column < columns_; ++column) {
      const size_t slot = t.slot + static_cast<size_t>(column);
      merged_[SetOfColumn(t.part, column)].Merge(
          Moments::FromSums(static_cast<double>(call_.x[t.offset + column]), first_sums_[slot],
                            second_sums_[slot], t.rows));
    }
  }
  for (int64_t set = range.first; set < range.last; ++set) {
    SetMerged(set, merged_[static_cast<size_t>(set)]);
  }
}

void ColumnsEngine::ApplyTile(int64_t block, int64_t tile) {
  const Tile t = TileOf(block, tile);
  ForChunks([&](int64_t first, int64_t n) {
    ColumnCoefficients columns;
    LoadCoefficients(t.part, first, n, true, &columns);
    kernels::ColumnApply(call_.x + t.offset + first, call_.out + t.offset + first,
                         {t.rows, columns_, n}, columns);
  });
}

void ColumnsEngine::SumTile(int64_t block, int64_t tile) {
  const Tile t = TileOf(block, tile);
  ForChunks([&](int64_t first, int64_t n) {
    ColumnCoefficients columns;
    LoadCoefficients(t.part, first, n, false, &columns);
    const size_t slot = t.slot + static_cast<size_t>(first);
    kernels::ColumnGradientSums(call_.x + t.offset + first, call_.dy + t.offset + first,
                                {t.rows, columns_, n}, columns, &first_sums_[slot],
                                &second_sums_[slot]);
  });
}

void ColumnsEngine::MergeSums(int64_t block) {
  const SetRange range = SetsOf(block);
  std::fill(sums_.begin() + range.first, sums_.begin() + range.last, GradientSums{});
  const float* gamma = call_.affine.gamma;
  for (int64_t tile = 0; tile < tiles_; ++tile) {
    const Tile t = TileOf(block, tile);
    for (int64_t column = 0; column < columns_; ++column) {
      const size_t slot = t.slot + static_cast<size_t>(column);
      const double g = gamma == nullptr ? 1.0 : static_cast<double>(gamma[ChannelOfColumn(column)]);
      sums_[SetOfColumn(t.part, column)] += {g * first_sums_[slot], g * second_sums_[slot]};
    }
  }
}

void ColumnsEngine::BackwardTile(int64_t block, int64_t tile) {
  const Tile t = TileOf(block, tile);
  const float* gamma = call_.affine.gamma;
  ForChunks([&](int64_t first, int64_t n) {
    ColumnCoefficients columns;
    ColumnGradients gradients;
    LoadCoefficients(t.part, first, n, false, &columns);
    for (int64_t j = 0; j < n; ++j) {
      const auto at = static_cast<size_t>(j);
      const SetGradients& set = gradients_[SetOfColumn(t.part, first + j)];
      gradients.gamma[at] = gamma == nullptr ? 1.0F : gamma[ChannelOfColumn(first + j)];
      gradients.p[at] = set.p;
      gradients.t[at] = set.t;
      gradients.q[at] = set.q;
      gradients.k[at] = set.k;
    }
    kernels::ColumnBackward(call_.x + t.offset + first, call_.dy + t.offset + first,
                            call_.out + t.offset + first, {t.rows, columns_, n}, columns,
                            gradients);
  });
}

void ColumnsEngine::ParametersFromSums() {
  if (call_.affine.dbeta == nullptr) return;
  const int64_t tiles = blocks_ * tiles_;
  ParallelFor(shape_.c, tiles * columns_, [&](int64_t channel) {
    double dgamma = 0, dbeta = 0;
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const Tile t = TileOf(0, tile);  // tiles are numbered across the blocks
      for (int64_t column = channel; column < columns_; column += shape_.c) {
        const SetCoefficients& set = coefficients_[SetOfColumn(t.part, column)];
        const size_t slot = t.slot + static_cast<size_t>(column);
        dgamma += static_cast<double>(set.scale) * second_sums_[slot] +
                  static_cast<double>(set.shift) * first_sums_[slot];
        dbeta += first_sums_[slot];
      }
    }
    if (call_.affine.dgamma != nullptr) call_.affine.dgamma[channel] += static_cast<float>(dgamma);
    call_.affine.dbeta[channel] += static_cast<float>(dbeta);
  });
}

}  // namespace

std::unique_ptr<Engine> MakeColumnsEngine() { return std::make_unique<ColumnsEngine>(); }

}  // namespace normsweep
