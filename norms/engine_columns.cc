// The engine of columns: channels lie side by side, rows are the positions of a sample, and every
// column has coefficients of its own. For channels_last, and for batch norm of [N, C], where the
// view [N/W, W C] makes sub-batches columns too.
//
// A tile is 16 to 128 rows. All tiles of a set sum around one center, so that their sums just add
// up; the sums stay in float32 within a tile and are added in float64. Samples are independent of
// each other within samples: a thread takes a whole sample through both steps where there are
// enough; otherwise all threads share its tiles.
#include <algorithm>
#include <array>
#include <cmath>

#include "norms/engine.h"
#include "norms/kernels/column_kernels.h"
#include "norms/kernels/moment_kernels.h"
#include "norms/kernels/set_kernels.h"
#include "norms/parallel.h"

namespace normsweep {
namespace {

using kernels::ColumnBlock;
using kernels::ColumnCoefficients;

// Columns are at least this many, for rows of few channels are joined: one vector of 16 values for
// a row of 3 would be mostly empty.
constexpr int64_t kLeastColumns = 64;

class ColumnsEngine final : public Engine {
 public:
  void Forward(const float* x, float* y, const Affine& affine, bool measure,
               const SetRules& rules) override {
    Run({x, nullptr, y, affine, {}, &rules, false, measure, Streams()});
  }
  void Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                const AffineGradients& gradients, const SetRules& rules) override;

 private:
  // Rows side by side that share coefficients form a *segment*: a sample, or all of a batch. A
  // *part* is what has coefficients of its own: a segment, or with sub-batches every W-th.
  struct Tile {
    int64_t part;
    int64_t offset;
    int64_t rows;
    int64_t columns;  // fewer than columns_ in the last row of a segment
  };

  void DoPlan() override;
  Tile TileOf(int64_t index) const;
  int64_t TilesOfPart() const { return segments_ / parts_ * tiles_; }
  // The i-th tile of a part.
  int64_t IndexOf(int64_t part, int64_t i) const {
    return (part + i / tiles_ * parts_) * tiles_ + i % tiles_;
  }
  SetRange SetsOf(int64_t part) const;
  int64_t ColumnsPerSet() const { return width_ * parts_ / sets_; }
  ColumnCoefficients ViewOf(int64_t part) const;

  void Run(const Call& call);
  void RunPart(const Call& call, int64_t part);
  void RunTogether(const Call& call, int64_t part);
  void Center(const Call& call, int64_t part);
  void SumTile(const Call& call, int64_t index);
  void MergeSums(int64_t part, int64_t first, int64_t last);
  void Finish(const Call& call, int64_t part);
  void FinishMoments(const Call& call, int64_t part);
  Moments MeasureExactly(const Call& call, int64_t part, int64_t set) const;
  void FinishGradients(const Call& call, int64_t part);
  void FinishGroups(const Call& call, int64_t part, const double* g, double* gx);
  void LoadLines(const Call& call, int64_t part);
  void LoadScales(const Call& call, int64_t part);
  void Replicate(int64_t part, std::vector<float>* values) const;
  void ApplyTile(const Call& call, int64_t index) const;
  void AddParameters(const AffineGradients& gradients, int64_t first, int64_t last) const;

  int64_t parts_ = 0;
  int64_t segments_ = 0;
  int64_t segment_rows_ = 0;
  int64_t width_ = 0;      // values of a row: W C with sub-batches side by side, else C
  int64_t repeat_ = 0;     // rows joined to one
  int64_t columns_ = 0;    // width_ repeat_
  int64_t tile_rows_ = 0;  // of columns_
  int64_t tiles_ = 0;      // of a segment
  std::vector<float> center_, mean_hi_, a_, b_, scale_, gamma_, t_, q_;  // [part][column]
  std::vector<float> tile_sums_;                                         // [tile][2][column]
  std::vector<double> sums_;  // [part][2][column]: the tiles' added up
};

void ColumnsEngine::DoPlan() {
  const int64_t sub_batches = partition_.sub_batches;
  width_ = shape_.c;
  segments_ = parts_ = shape_.n;
  segment_rows_ = shape_.s;
  if (partition_.across_samples && sub_batches == 1) {
    segments_ = parts_ = 1;
    segment_rows_ = shape_.n * shape_.s;
  } else if (partition_.across_samples && shape_.s == 1) {
    segments_ = parts_ = 1;
    width_ = sub_batches * shape_.c;
    segment_rows_ = shape_.n / sub_batches;
  } else if (partition_.across_samples) {
    parts_ = sub_batches;
  }
  repeat_ = width_ >= kLeastColumns / 2
                ? 1
                : std::min(segment_rows_, (kLeastColumns + width_ - 1) / width_);
  columns_ = width_ * repeat_;
  const int64_t rows = segment_rows_ / repeat_;
  tile_rows_ = std::clamp<int64_t>(4 * kernels::kTileValues / columns_, 16, kernels::kColumnRows);
  tiles_ = (rows + tile_rows_ - 1) / tile_rows_ + (segment_rows_ % repeat_ == 0 ? 0 : 1);
  for (auto* v : {&center_, &mean_hi_, &a_, &b_, &scale_, &gamma_, &t_, &q_}) {
    v->resize(static_cast<size_t>(parts_ * columns_));
  }
  tile_sums_.resize(static_cast<size_t>(segments_ * tiles_ * 2 * columns_));
  sums_.resize(static_cast<size_t>(parts_ * 2 * columns_));
}

ColumnsEngine::Tile ColumnsEngine::TileOf(int64_t index) const {
  const int64_t segment = index / tiles_, first = index % tiles_ * tile_rows_;
  const int64_t rows = segment_rows_ / repeat_, rest = segment_rows_ % repeat_;
  const int64_t start = segment * segment_rows_ * width_;
  if (rest != 0 && index % tiles_ == tiles_ - 1) {
    return {segment % parts_, start + rows * columns_, 1, rest * width_};
  }
  return {segment % parts_, start + first * columns_, std::min(tile_rows_, rows - first), columns_};
}

SetRange ColumnsEngine::SetsOf(int64_t part) const {
  const int64_t sets = sets_ / parts_;
  return {part * sets, (part + 1) * sets};
}

ColumnCoefficients ColumnsEngine::ViewOf(int64_t part) const {
  const ColumnCoefficients all{mean_hi_.data(), a_.data(), b_.data(), scale_.data(),
                               gamma_.data(),   t_.data(), q_.data()};
  return all.From(part * columns_);
}

void ColumnsEngine::Replicate(int64_t part, std::vector<float>* values) const {
  float* first = values->data() + part * columns_;
  for (int64_t j = width_; j < columns_; ++j) first[j] = first[j - width_];
}

// One center a set, so that the sums of its columns and tiles just add up.
void ColumnsEngine::Center(const Call& call, int64_t part) {
  float* center = center_.data() + part * columns_;
  kernels::ColumnCenters(call.x + part * segment_rows_ * width_, {segment_rows_, width_, width_},
                         center);
  const int64_t per_set = ColumnsPerSet();
  for (int64_t j = 0; per_set > 1 && j < width_; j += per_set) {
    double sum = 0;
    for (int64_t k = j; k < j + per_set; ++k) sum += static_cast<double>(center[k]);
    std::fill(center + j, center + j + per_set,
              static_cast<float>(sum / static_cast<double>(per_set)));
  }
  Replicate(part, &center_);
}

void ColumnsEngine::SumTile(const Call& call, int64_t index) {
  const Tile t = TileOf(index);
  float* first = tile_sums_.data() + index * 2 * columns_;
  float* second = first + columns_;
  if (t.columns < columns_) std::fill(first, second + columns_, 0.0F);
  if (call.backward) {
    kernels::SumColumns(call.x + t.offset, call.dy + t.offset,
                        {t.rows, t.columns, t.columns, call.affine.relu}, ViewOf(t.part), first,
                        second);
  } else {
    kernels::ColumnMoments(call.x + t.offset, {t.rows, t.columns, t.columns},
                           center_.data() + t.part * columns_, first, second);
  }
}

// Sums [first, last) of the 2 columns_ of a part.
void ColumnsEngine::MergeSums(int64_t part, int64_t first, int64_t last) {
  double* sum = sums_.data() + part * 2 * columns_ + first;
  for (int64_t segment = part; segment < segments_; segment += parts_) {
    kernels::AddTiles(tile_sums_.data() + segment * tiles_ * 2 * columns_ + first, tiles_,
                      2 * columns_, last - first, segment != part, sum);
  }
}

Moments ColumnsEngine::MeasureExactly(const Call& call, int64_t part, int64_t set) const {
  const int64_t per_set = ColumnsPerSet();
  Moments merged;
  for (int64_t segment = part; segment < segments_; segment += parts_) {
    merged.Merge(kernels::ExactMoments(
        call.x + segment * segment_rows_ * width_ + (set - SetsOf(part).first) * per_set,
        {segment_rows_, width_, per_set}));
  }
  return merged;
}

void ColumnsEngine::FinishMoments(const Call& call, int64_t part) {
  const SetRange sets = SetsOf(part);
  const int64_t per_set = ColumnsPerSet();
  float* center = center_.data() + part * columns_;
  double* sum = sums_.data() + part * 2 * columns_;
  double* square = sum + columns_;
  for (int64_t j = 0, set = 0; per_set > 1 && j < width_; j += per_set, ++set) {
    double s = 0, q = 0;
    for (int64_t k = j; k < j + per_set; ++k) s += sum[k], q += square[k];
    center[set] = center[j];  // to the front, one a set
    sum[set] = s;
    square[set] = q;
  }
  double* mean = arrays_.mean.data();
  double* variance = arrays_.variance.data();
  if (kernels::FinishColumns(center, sum, square, sets.last - sets.first, count(),
                             mean + sets.first, variance + sets.first)) {
    return;
  }
  for (int64_t set = sets.first; set < sets.last; ++set) {
    if (!std::isnan(variance[set])) continue;
    const Moments exact = MeasureExactly(call, part, set);
    mean[set] = exact.mean;
    variance[set] = exact.m2 / static_cast<double>(exact.count);
  }
}

// a and b of each column (coefficients.h), which Backward finds as Forward left them.
void ColumnsEngine::LoadLines(const Call& call, int64_t part) {
  const int64_t at = part * columns_;
  for (int64_t j = 0; j < width_; j += shape_.c) {  // a sub-batch's columns repeat the channels
    kernels::ColumnLines(arrays_.View().From(SetsOf(part).first + j), call.affine, shape_.c,
                         ColumnsPerSet(), mean_hi_.data() + at + j, a_.data() + at + j,
                         b_.data() + at + j);
  }
  for (auto* values : {&mean_hi_, &a_, &b_}) Replicate(part, values);
}

void ColumnsEngine::LoadScales(const Call& call, int64_t part) {
  const int64_t at = part * columns_, per_set = ColumnsPerSet();
  const float* scale = arrays_.scale.data() + SetsOf(part).first;
  for (int64_t j = 0; j < width_; ++j) {
    scale_[static_cast<size_t>(at + j)] = scale[per_set == 1 ? j : j / per_set];
    gamma_[static_cast<size_t>(at + j)] = call.affine.Gamma(width_ == shape_.c ? j : j % shape_.c);
  }
  for (auto* values : {&scale_, &gamma_}) Replicate(part, values);
}

void ColumnsEngine::FinishGradients(const Call& call, int64_t part) {
  const SetRange sets = SetsOf(part);
  const int64_t at = part * columns_, per_set = ColumnsPerSet();
  double* g = sums_.data() + 2 * at;
  double* gx = g + columns_;
  float* t = t_.data() + at;
  float* q = q_.data() + at;
  if (per_set == 1) {
    kernels::WeighColumns(arrays_.View().From(sets.first), gamma_.data() + at, width_, g, gx,
                          arrays_.g.data() + sets.first, arrays_.gx.data() + sets.first);
    call.rules->Gradients(sets, &arrays_);
    kernels::ColumnGradients(arrays_.View().From(sets.first), width_, t, q);
  } else {
    FinishGroups(call, part, g, gx);
    for (int64_t j = 0; j < width_; ++j) {
      const auto set = static_cast<size_t>(sets.first + j / per_set);
      q[j] = arrays_.q[set];
      t[j] = LoopT(arrays_.View(), sets.first + j / per_set);
    }
  }
  for (auto* values : {&t_, &q_}) Replicate(part, values);
}

// The same where a set has several columns.
void ColumnsEngine::FinishGroups(const Call& call, int64_t part, const double* g, double* gx) {
  const SetRange sets = SetsOf(part);
  const int64_t per_set = ColumnsPerSet();
  const float* gamma = gamma_.data() + part * columns_;
  for (int64_t set = sets.first, j = 0; set < sets.last; ++set) {
    const auto at = static_cast<size_t>(set);
    const double rest = Remainder(arrays_.View(), set);
    double sum_g = 0, sum_gx = 0;
    for (const int64_t end = j + per_set; j < end; ++j) {
      gx[j] -= rest * g[j];
      sum_g += static_cast<double>(gamma[j]) * g[j];
      sum_gx += static_cast<double>(gamma[j]) * gx[j];
    }
    arrays_.g[at] = sum_g;
    arrays_.gx[at] = sum_gx;
  }
  call.rules->Gradients(sets, &arrays_);
}

void ColumnsEngine::Finish(const Call& call, int64_t part) {
  if (call.backward || call.measure) {
    for (const int64_t which : {0, 1}) {  // joined rows
      double* sum = sums_.data() + (2 * part + which) * columns_;
      for (int64_t j = width_; j < columns_; ++j) sum[j % width_] += sum[j];
    }
  }
  if (call.backward) {
    FinishGradients(call, part);
    return;
  }
  if (call.measure) FinishMoments(call, part);
  call.rules->Coefficients(SetsOf(part), &arrays_);
  LoadLines(call, part);
}

void ColumnsEngine::ApplyTile(const Call& call, int64_t index) const {
  const Tile t = TileOf(index);
  const ColumnBlock block{t.rows, t.columns, t.columns, call.affine.relu, call.stream};
  const float* x = call.x + t.offset;
  float* to = call.out + t.offset;
  if (call.backward) {
    kernels::BackwardColumns(x, call.dy + t.offset, to, block, ViewOf(t.part));
  } else {
    kernels::ApplyColumns(x, to, block, ViewOf(t.part));
  }
}

void ColumnsEngine::RunPart(const Call& call, int64_t part) {
  const int64_t tiles = TilesOfPart();
  if (call.backward) LoadScales(call, part);
  if (call.backward || call.measure) {
    if (!call.backward) Center(call, part);
    for (int64_t i = 0; i < tiles; ++i) SumTile(call, IndexOf(part, i));
    MergeSums(part, 0, 2 * columns_);
  }
  Finish(call, part);
  for (int64_t i = tiles; i-- > 0;) ApplyTile(call, IndexOf(part, i));
}

void ColumnsEngine::RunTogether(const Call& call, int64_t part) {
  const int64_t tiles = TilesOfPart(), work = shape_.Elements() / parts_;
  if (call.backward) LoadScales(call, part);
  if (call.backward || call.measure) {
    if (!call.backward) Center(call, part);
    ParallelFor(tiles, work, [&](int64_t i) { SumTile(call, IndexOf(part, i)); });
    constexpr int64_t kChunk = 128;
    const int64_t sums = 2 * columns_;
    ParallelFor((sums + kChunk - 1) / kChunk, tiles * sums,
                [&](int64_t i) { MergeSums(part, i * kChunk, std::min(sums, (i + 1) * kChunk)); });
  }
  Finish(call, part);
  const auto apply = [&](int64_t i) { ApplyTile(call, IndexOf(part, i)); };
  if (call.measure) {
    ParallelForBackwards(tiles, work, apply);
  } else {
    ParallelFor(tiles, work, apply);
  }
}

void ColumnsEngine::Run(const Call& call) {
  const int64_t threads = WorthThreads(shape_.Elements()) ? ThreadCount() : 1;
  const int64_t whole = partition_.across_samples && threads > 1 ? 0 : parts_ / threads * threads;
  ParallelFor(whole, shape_.Elements(), [&](int64_t part) { RunPart(call, part); });
  for (int64_t part = whole; part < parts_; ++part) RunTogether(call, part);
}

// Channels [first, last), over the parts, and the sub-batches side by side, in their order.
void ColumnsEngine::AddParameters(const AffineGradients& gradients, int64_t first,
                                  int64_t last) const {
  constexpr int64_t kMost = 128;
  std::array<double, kMost> dgamma{}, dbeta{};
  const int64_t per_set = ColumnsPerSet();
  if (parts_ == 1 && width_ == shape_.c && per_set == 1) {
    kernels::AddParameters(sums_.data() + first, sums_.data() + columns_ + first,
                           arrays_.shift.data() + first, last - first,
                           gradients.dgamma == nullptr ? nullptr : gradients.dgamma + first,
                           gradients.dbeta + first);
    return;
  }
  for (int64_t part = 0; part < parts_; ++part) {
    const float* shift = arrays_.shift.data() + SetsOf(part).first;
    for (int64_t w = 0; w < width_; w += shape_.c) {
      for (int64_t c = first; c < last; ++c) {
        const auto at = static_cast<size_t>(part * 2 * columns_ + w + c);
        const double g = sums_[at], gx = sums_[at + static_cast<size_t>(columns_)];
        const auto to = static_cast<size_t>(c - first);
        const float d = shift[per_set == 1 ? w + c : (w + c) / per_set];
        dgamma[to] += gx + static_cast<double>(d) * g;
        dbeta[to] += g;
      }
    }
  }
  const std::array<float, kMost> none{};
  kernels::AddParameters(dbeta.data(), dgamma.data(), none.data(), last - first,
                         gradients.dgamma == nullptr ? nullptr : gradients.dgamma + first,
                         gradients.dbeta + first);
}

void ColumnsEngine::Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                             const AffineGradients& gradients, const SetRules& rules) {
  Run({x, dy, dx, affine, gradients, &rules, true, true, Streams()});
  if (gradients.dbeta == nullptr) return;
  constexpr int64_t kChunk = 128;
  ParallelFor((shape_.c + kChunk - 1) / kChunk, 4 * parts_ * width_, [&](int64_t i) {
    AddParameters(gradients, i * kChunk, std::min(shape_.c, (i + 1) * kChunk));
  });
}

}  // namespace

std::unique_ptr<Engine> MakeColumnsEngine() { return std::make_unique<ColumnsEngine>(); }

}  // namespace normsweep
