// The engine of columns: channels lie side by side, rows are the positions of a sample, and every
// column has coefficients of its own. For channels_last, and for batch norm of [N, C], where the
// view [N/W, W C] makes sub-batches columns too.
//
// A tile is at most 16 to 128 rows. All tiles of a set sum around one center, so that their sums just add
// up; the sums stay in float32 within a tile and are added in float64. Samples are independent of
// each other within samples: a thread takes a whole sample through both steps where there are
// enough. Otherwise the threads share the columns, each taking its own through both steps, or
// where the columns are few all threads share the tiles of a step.
#include <algorithm>

#include "norms/column_sets.h"
#include "norms/engine.h"
#include "norms/kernels/column_kernels.h"
#include "norms/kernels/moment_kernels.h"
#include "norms/parallel.h"

namespace normsweep {
namespace {

using kernels::ColumnBlock;

// At least n tiles, in a number that 2, 4 and 8 threads share evenly where there are as many.
int64_t EvenTiles(int64_t n) {
  for (const int64_t few : {int64_t{1}, int64_t{2}, int64_t{4}}) {
    if (n <= few) return few;
  }
  return (n + 7) / 8 * 8;
}

class ColumnsEngine final : public Engine {
 public:
  void Forward(const float* x, float* y, const Affine& affine, bool measure,
               SetRules& rules) override {
    Run({x, nullptr, y, affine, {}, &rules, false, measure, Streams(ForwardPass(measure))});
  }
  void Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                const AffineGradients& gradients, SetRules& rules) override;

 private:
  // Rows of one segment; all columns.
  struct Tile {
    int64_t part;
    int64_t offset;
    int64_t rows;
    int64_t columns;  // fewer than layout_.columns in the last row of a segment
  };
  // Columns of a tile.
  struct Span {
    int64_t first;
    int64_t columns;
  };

  void DoPlan() override;
  Tile TileOf(int64_t index) const;
  Span SpanOf(const Tile& tile, ColumnRange range) const;
  int64_t TilesOfPart() const { return layout_.segments / layout_.parts * tiles_; }
  // The i-th tile of a part.
  int64_t IndexOf(int64_t part, int64_t i) const {
    return (part + i / tiles_ * layout_.parts) * tiles_ + i % tiles_;
  }

  void Run(const Call& call);
  bool SharesColumns(int64_t threads) const;
  void RunRange(const Call& call, ColumnRange range);
  void RunTogether(const Call& call, int64_t part);
  void Prepare(const Call& call, ColumnRange range);
  void Finish(const Call& call, ColumnRange range);
  void SumTile(const Call& call, int64_t index, ColumnRange range);
  void MergeSums(int64_t part, int64_t first, int64_t last);
  void ApplyTile(const Call& call, int64_t index, ColumnRange range) const;

  ColumnLayout layout_;
  int64_t rows_ = 0;   // of layout_.columns values, of a segment
  int64_t rest_ = 0;   // values of its last row, where that is shorter
  int64_t tiles_ = 0;  // of a segment
  ColumnSets columns_;
  int64_t step_ = 0;         // from the first to the second sums of a tile
  AlignedFloats tile_sums_;  // [tile][2][column]
};

void ColumnsEngine::DoPlan() {
  layout_ = ColumnLayout::Of(shape_, partition_, sets_);
  columns_.Plan(layout_, &arrays_);
  rows_ = layout_.segment_rows / layout_.repeat;
  const int64_t most =
      std::clamp<int64_t>(4 * kernels::kTileValues / layout_.columns, 16, kernels::kColumnRows);
  tiles_ = std::min(rows_, EvenTiles((rows_ + most - 1) / most));
  rest_ = layout_.segment_rows % layout_.repeat * layout_.width;
  if (rest_ != 0) ++tiles_;
  step_ = Stagger(layout_.columns);
  tile_sums_.Reserve(layout_.segments * tiles_ * 2 * step_);
}

ColumnsEngine::Tile ColumnsEngine::TileOf(int64_t index) const {
  const int64_t segment = index / tiles_, tile = index % tiles_, tiles = tiles_ - (rest_ != 0);
  const int64_t start = segment * layout_.segment_rows * layout_.width;
  const int64_t part = segment % layout_.parts, columns = layout_.columns;
  if (tile == tiles) return {part, start + rows_ * columns, 1, rest_};
  const int64_t first = tile * rows_ / tiles, last = (tile + 1) * rows_ / tiles;
  return {part, start + first * columns, last - first, columns};
}

ColumnsEngine::Span ColumnsEngine::SpanOf(const Tile& tile, ColumnRange range) const {
  const int64_t n = range.last - range.first;
  return n == layout_.width ? Span{0, tile.columns} : Span{range.first, n};
}

void ColumnsEngine::SumTile(const Call& call, int64_t index, ColumnRange range) {
  const Tile t = TileOf(index);
  const Span span = SpanOf(t, range);
  float* first = tile_sums_.data() + index * 2 * step_;
  float* second = first + step_;
  if (t.columns < layout_.columns) std::fill(first, second + layout_.columns, 0.0F);
  const int64_t offset = t.offset + span.first;
  if (call.backward) {
    kernels::SumColumns(
        call.x + offset, call.dy + offset, {t.rows, span.columns, t.columns, call.affine.relu},
        columns_.View(t.part).From(span.first), first + span.first, second + span.first);
  } else {
    kernels::ColumnMoments(call.x + offset, {t.rows, span.columns, t.columns},
                           columns_.center(t.part) + span.first, first + span.first,
                           second + span.first);
  }
}

// Both sums of columns [first, last), joined rows included.
void ColumnsEngine::MergeSums(int64_t part, int64_t first, int64_t last) {
  double* sums = columns_.sums(part) + first;
  for (int64_t segment = part; segment < layout_.segments; segment += layout_.parts) {
    const float* tiles = tile_sums_.data() + segment * tiles_ * 2 * step_ + first;
    for (const int64_t which : {0, 1}) {
      kernels::AddTiles(tiles + which * step_, tiles_, 2 * step_, last - first, segment != part,
                        sums + which * layout_.columns);
    }
  }
}

void ColumnsEngine::ApplyTile(const Call& call, int64_t index, ColumnRange range) const {
  const Tile t = TileOf(index);
  const Span span = SpanOf(t, range);
  const ColumnBlock block{t.rows, span.columns, t.columns, call.affine.relu, call.stream};
  const kernels::ColumnCoefficients view = columns_.View(t.part).From(span.first);
  const int64_t offset = t.offset + span.first;
  if (call.backward) {
    kernels::BackwardColumns(call.x + offset, call.dy + offset, call.out + offset, block, view);
  } else {
    kernels::ApplyColumns(call.x + offset, call.out + offset, block, view);
  }
}

void ColumnsEngine::Prepare(const Call& call, ColumnRange range) {
  if (call.backward) {
    columns_.LoadScales(call.affine, range);
  } else if (call.measure) {
    columns_.Center(call.x, range);
  }
}

void ColumnsEngine::Finish(const Call& call, ColumnRange range) {
  if (call.backward) {
    columns_.FinishBackward(*call.rules, range);
  } else {
    columns_.FinishForward(call.x, call.affine, call.measure, *call.rules, range);
  }
}

void ColumnsEngine::RunRange(const Call& call, ColumnRange range) {
  const int64_t tiles = TilesOfPart(), part = range.part;
  Prepare(call, range);
  if (call.measure) {
    for (int64_t i = 0; i < tiles; ++i) SumTile(call, IndexOf(part, i), range);
    const bool all = range.last - range.first == layout_.width;
    MergeSums(part, range.first, all ? layout_.columns : range.last);
  }
  Finish(call, range);
  for (int64_t i = tiles; i-- > 0;) ApplyTile(call, IndexOf(part, i), range);
}

void ColumnsEngine::RunTogether(const Call& call, int64_t part) {
  const int64_t tiles = TilesOfPart(), work = shape_.Elements() / layout_.parts;
  const ColumnRange all = columns_.All(part);
  Prepare(call, all);
  if (call.measure) {
    ParallelFor(tiles, work, [&](int64_t i) { SumTile(call, IndexOf(part, i), all); });
    constexpr int64_t kChunk = 64;
    const int64_t columns = layout_.columns;
    ParallelFor((columns + kChunk - 1) / kChunk, 2 * tiles * columns, [&](int64_t i) {
      MergeSums(part, i * kChunk, std::min(columns, (i + 1) * kChunk));
    });
  }
  Finish(call, all);
  const auto apply = [&](int64_t i) { ApplyTile(call, IndexOf(part, i), all); };
  if (call.measure) {
    ParallelForBackwards(tiles, work, apply);
  } else {
    ParallelFor(tiles, work, apply);
  }
}

// A thread's columns are its own from the sums to the output: no barrier, and nothing that another
// core wrote. Only where its share of a row is a page: across shorter ones the prefetchers fetch what
// the other core is writing (512 columns: 1.0 to 2.3 times as long as shared tiles, 256: 4 times).
bool ColumnsEngine::SharesColumns(int64_t threads) const {
  constexpr int64_t kLongRow = 1024;
  return layout_.repeat == 1 && layout_.sets >= 8 * threads && layout_.width / threads >= kLongRow;
}

void ColumnsEngine::Run(const Call& call) {
  const int64_t threads = WorthThreads(shape_.Elements()) ? ThreadCount() : 1;
  const int64_t parts = layout_.parts;
  const int64_t whole = partition_.across_samples && threads > 1 ? 0 : parts / threads * threads;
  ParallelFor(whole, shape_.Elements(), [&](int64_t part) { RunRange(call, columns_.All(part)); });
  const bool shares = whole < parts && SharesColumns(threads);
  const bool at_once = shares && columns_.ParametersInRange();
  if (shares) {
    ParallelFor(threads, shape_.Elements(), [&](int64_t i) {
      for (int64_t part = whole; part < parts; ++part) {
        const ColumnRange range = columns_.Share(part, i, threads);
        RunRange(call, range);
        if (at_once && call.gradients.dbeta != nullptr)
          columns_.AddParameters(call.gradients, range.first, range.last);
      }
    });
  }
  for (int64_t part = whole; !shares && part < parts; ++part) RunTogether(call, part);
  if (call.gradients.dbeta == nullptr || at_once) return;
  constexpr int64_t kChunk = 128;
  ParallelFor((shape_.c + kChunk - 1) / kChunk, 4 * parts * layout_.width, [&](int64_t i) {
    columns_.AddParameters(call.gradients, i * kChunk, std::min(shape_.c, (i + 1) * kChunk));
  });
}

void ColumnsEngine::Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                             const AffineGradients& gradients, SetRules& rules) {
  Run({x, dy, dx, affine, gradients, &rules, true, true, Streams(Pass::kBackward)});
}

}  // namespace

std::unique_ptr<Engine> MakeColumnsEngine() { return std::make_unique<ColumnsEngine>(); }

}  // namespace normsweep
