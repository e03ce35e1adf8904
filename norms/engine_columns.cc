// The engine of columns: channels lie side by side, rows are the positions of a sample, and every
// column has coefficients of its own. For channels_last, and for batch norm of [N, C], where the
// view [N/W, W C] makes sub-batches columns too.
//
// A tile is 16 to 128 rows. All tiles of a set sum around one center, so that their sums just add
// up; the sums stay in float32 within a tile and are added in float64. Samples are independent of
// each other within samples: a thread takes a whole sample through both steps where there are
// enough; otherwise all threads share its tiles.
#include <algorithm>
#include <cmath>

#include "norms/engine.h"
#include "norms/kernels/column_kernels.h"
#include "norms/kernels/moment_kernels.h"
#include "norms/kernels/set_kernels.h"
#include "norms/output.h"
#include "norms/parallel.h"

namespace normsweep {
namespace {

using kernels::ColumnBlock;
using kernels::ColumnCoefficients;
using kernels::kColumnRows;

// Columns are at least this many, for rows of few channels are joined: one vector of 16 values for
// a row of 3 would be mostly empty.
constexpr int64_t kLeastColumns = 64;

class ColumnsEngine final : public Engine {
 public:
  void Forward(const float* x, float* y, const Affine& affine, bool measure,
               const SetRules& rules) override;
  void Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                const AffineGradients& gradients, const SetRules& rules) override;

 private:
  struct Call {
    const float* x;
    const float* dy;
    float* out;  // y or dx
    Affine affine;
    const SetRules* rules;
    bool backward;
    bool measure;
    bool stream;
  };
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
  void MergeColumns(int64_t part, int64_t first, int64_t last);
  void Finish(const Call& call, int64_t part);
  void FinishMoments(const Call& call, int64_t part);
  Moments MeasureExactly(const Call& call, int64_t part, int64_t set) const;
  void FinishGradients(const Call& call, int64_t part);
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
  std::vector<double> first_, second_;  // [part][column]: the tiles' sums added up
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
  first_.resize(static_cast<size_t>(parts_ * columns_));
  second_.resize(first_.size());
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
  const int64_t at = part * columns_;
  return {mean_hi_.data() + at, a_.data() + at, b_.data() + at, scale_.data() + at,
          gamma_.data() + at,   t_.data() + at, q_.data() + at};
}

void ColumnsEngine::Replicate(int64_t part, std::vector<float>* values) const {
  float* first = values->data() + part * columns_;
  for (int64_t j = width_; j < columns_; ++j) first[j] = first[j - width_];
}

// One center a set, so that the sums of its columns and tiles just add up.
void ColumnsEngine::Center(const Call& call, int64_t part) {
  float* center = center_.data() + part * columns_;
  kernels::ColumnCenters(call.x + part * segment_rows_ * width_, segment_rows_, width_, center);
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
                        {t.rows, t.columns, call.affine.relu}, ViewOf(t.part), first, second);
  } else {
    kernels::ColumnMoments(call.x + t.offset, t.rows, t.columns, center_.data() + t.part * columns_,
                           first, second);
  }
}

// Columns [first, last) of a part.
void ColumnsEngine::MergeColumns(int64_t part, int64_t first, int64_t last) {
  for (auto* sums : {&first_, &second_}) {
    double* sum = sums->data() + part * columns_ + first;
    std::fill(sum, sum + (last - first), 0.0);
    const int64_t which = sums == &first_ ? 0 : columns_;
    for (int64_t segment = part; segment < segments_; segment += parts_) {
      kernels::AddColumns(tile_sums_.data() + segment * tiles_ * 2 * columns_ + which + first,
                          tiles_, 2 * columns_, last - first, sum);
    }
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
  double* sum = first_.data() + part * columns_;
  double* square = second_.data() + part * columns_;
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
  double* g = first_.data() + at;
  double* gx = second_.data() + at;
  std::fill(arrays_.g.begin() + sets.first, arrays_.g.begin() + sets.last, 0.0);
  std::fill(arrays_.gx.begin() + sets.first, arrays_.gx.begin() + sets.last, 0.0);
  const auto set_of = [&](int64_t j) {
    return static_cast<size_t>(sets.first + (per_set == 1 ? j : j / per_set));
  };
  for (int64_t j = 0; j < width_; ++j) {
    const size_t set = set_of(j);
    // The kernel's (x - mean_hi) scale becomes x^.
    gx[j] -=
        static_cast<double>(arrays_.mean_lo[set]) * static_cast<double>(arrays_.scale[set]) * g[j];
    const auto gamma = static_cast<double>(gamma_[static_cast<size_t>(at + j)]);
    arrays_.g[set] += gamma * g[j];
    arrays_.gx[set] += gamma * gx[j];
  }
  call.rules->Gradients(sets, &arrays_);
  for (int64_t j = 0; j < width_; ++j) {
    const size_t set = set_of(j);
    const float q = arrays_.q[set];
    q_[static_cast<size_t>(at + j)] = q;
    t_[static_cast<size_t>(at + j)] =
        arrays_.t[set] - q * (arrays_.mean_lo[set] * arrays_.scale[set]);
  }
  for (auto* values : {&t_, &q_}) Replicate(part, values);
}

void ColumnsEngine::Finish(const Call& call, int64_t part) {
  if (call.backward || call.measure) {
    for (auto* sums : {&first_, &second_}) {  // joined rows
      double* sum = sums->data() + part * columns_;
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
  const ColumnCoefficients all = ViewOf(t.part);
  Output(
      call.out + t.offset, t.rows * t.columns, call.stream, [&](float* to, int64_t i, int64_t n) {
        ForRowPieces(t.columns, i, i + n, [&](int64_t at, int64_t rows, int64_t columns) {
          const int64_t offset = t.offset + at;
          const ColumnBlock block{rows, columns, call.affine.relu};
          const ColumnCoefficients own = all.From(at % t.columns);
          if (call.backward) {
            kernels::BackwardColumns(call.x + offset, call.dy + offset, to + (at - i), block, own);
          } else {
            kernels::ApplyColumns(call.x + offset, to + (at - i), block, own);
          }
        });
      });
}

void ColumnsEngine::RunPart(const Call& call, int64_t part) {
  const int64_t tiles = TilesOfPart();
  if (call.backward) LoadScales(call, part);
  if (call.backward || call.measure) {
    if (!call.backward) Center(call, part);
    for (int64_t i = 0; i < tiles; ++i) SumTile(call, IndexOf(part, i));
    MergeColumns(part, 0, columns_);
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
    constexpr int64_t kChunk = 128;  // columns
    ParallelFor((columns_ + kChunk - 1) / kChunk, 2 * tiles * columns_, [&](int64_t i) {
      MergeColumns(part, i * kChunk, std::min(columns_, (i + 1) * kChunk));
    });
  }
  Finish(call, part);
  ParallelForBackwards(tiles, work, [&](int64_t i) { ApplyTile(call, IndexOf(part, i)); });
}

void ColumnsEngine::Run(const Call& call) {
  const int64_t threads = WorthThreads(shape_.Elements()) ? ThreadCount() : 1;
  const int64_t whole = partition_.across_samples && threads > 1 ? 0 : parts_ / threads * threads;
  ParallelFor(whole, shape_.Elements(), [&](int64_t part) { RunPart(call, part); });
  for (int64_t part = whole; part < parts_; ++part) RunTogether(call, part);
}

void ColumnsEngine::Forward(const float* x, float* y, const Affine& affine, bool measure,
                            const SetRules& rules) {
  Run({x, nullptr, y, affine, &rules, false, measure, Streams()});
}

// Channels [first, last), over the parts in their order.
void ColumnsEngine::AddParameters(const AffineGradients& gradients, int64_t first,
                                  int64_t last) const {
  const int64_t per_set = ColumnsPerSet();
  for (int64_t c = first; c < last; ++c) {
    double dgamma = 0, dbeta = 0;
    for (int64_t part = 0; part < parts_; ++part) {
      for (int64_t j = c; j < width_; j += shape_.c) {
        const auto at = static_cast<size_t>(part * columns_ + j);
        const auto set = static_cast<size_t>(SetsOf(part).first + j / per_set);
        dgamma += second_[at] + static_cast<double>(arrays_.shift[set]) * first_[at];
        dbeta += first_[at];
      }
    }
    if (gradients.dgamma != nullptr) gradients.dgamma[c] += static_cast<float>(dgamma);
    gradients.dbeta[c] += static_cast<float>(dbeta);
  }
}

void ColumnsEngine::Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                             const AffineGradients& gradients, const SetRules& rules) {
  Run({x, dy, dx, affine, &rules, true, true, Streams()});
  if (gradients.dbeta == nullptr) return;
  constexpr int64_t kChunk = 128;
  ParallelFor((shape_.c + kChunk - 1) / kChunk, 4 * parts_ * width_, [&](int64_t i) {
    AddParameters(gradients, i * kChunk, std::min(shape_.c, (i + 1) * kChunk));
  });
}

}  // namespace

std::unique_ptr<Engine> MakeColumnsEngine() { return std::make_unique<ColumnsEngine>(); }

}  // namespace normsweep
