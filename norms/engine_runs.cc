// The engine of runs: a set is one run of values side by side, and gamma and beta are one a plane
// of it, or one an element.
//
// Runs are independent of each other. So a thread takes a tile, up to 4096 values of whole runs,
// through statistics and application while it is in the first-level cache; a longer run is one
// tile, cut into pieces for its moments. Tiles that the threads cannot share out evenly are cut
// into pieces for all of them.
#include <algorithm>
#include <array>

#include "norms/engine.h"
#include "norms/kernels/moment_kernels.h"
#include "norms/kernels/plane_kernels.h"
#include "norms/kernels/row_kernels.h"
#include "norms/parallel.h"
#include "norms/pieces.h"

namespace normsweep {
namespace {

using kernels::kTileValues;
using kernels::PlaneBlock;
using kernels::RowBlock;

// Samples that add to one float32 sum of a parameter's gradient (row_kernels.h).
constexpr int64_t kDrain = 32;
// Elements of a sample that one thread takes through all samples.
constexpr int64_t kElements = 1024;

class RunsEngine final : public Engine {
 public:
  explicit RunsEngine(bool per_element) : per_element_(per_element) {}

  void Forward(const float* x, float* y, const Affine& affine, bool measure,
               SetRules& rules) override;
  void Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                const AffineGradients& gradients, SetRules& rules) override;

 private:
  void DoPlan() override;
  SetRange SetsOf(int64_t tile) const {
    return {tile * sets_per_tile_, std::min(sets_, (tile + 1) * sets_per_tile_)};
  }
  // Tiles that the threads take one each, in equal numbers; the others are shared.
  int64_t WholeTiles() const;
  void Measure(const Call& call, SetRange sets);
  void MeasureTogether(const Call& call, int64_t set);
  PlaneBlock Planes(const Call& call) const {
    return {0, 0, shape_.s, shape_.c, planes_per_set_, 0, call.stream};
  }
  RowBlock Rows(const Call& call, SetRange sets) const;
  // Values [first, last) of the tensor, which belong to `sets`.
  void Apply(const Call& call, SetRange sets, int64_t first, int64_t last) const;

  void BackwardByPlanes(const Call& call);
  void SumPlanes(const Call& call, int64_t first, int64_t last);
  void WeighPlanes(const Call& call, SetRange sets);
  void BackwardPlanes(const Call& call, int64_t first, int64_t last) const;
  void ParametersFromPlanes(const Call& call) const;

  void BackwardByRows(const Call& call);
  void SumRows(const Call& call, SetRange sets);
  void SumPieces(const Call& call);
  void BackwardRows(const Call& call, SetRange sets, float* dgamma, float* dbeta) const;
  void BackwardChunk(const Call& call, int64_t chunk);
  void BackwardPart(const Call& call, int64_t n, int64_t rows, int64_t first, int64_t last,
                    float* dgamma, float* dbeta) const;
  void BackwardElements(const Call& call, int64_t first, int64_t last) const;
  void ParametersFromChunks(const Call& call);

  bool per_element_;
  int64_t length_ = 0;          // of a run
  int64_t planes_per_set_ = 0;  // parameters per plane
  int64_t sets_per_tile_ = 0;
  int64_t tiles_ = 0;
  int64_t pieces_ = 0;  // of a run
  int64_t piece_length_ = 0;
  std::vector<Moments> piece_moments_;    // of one run
  std::vector<GradientSums> plane_sums_;  // per plane, or per piece of a set
  // Parameters per element: samples of a chunk, whose sums are added up by one thread.
  int64_t chunk_samples_ = 0;
  int64_t chunks_ = 0;
  std::vector<float> partial_;      // [chunk][dgamma, dbeta][element]
  std::vector<double> chunk_sums_;  // the same
};

void RunsEngine::DoPlan() {
  length_ = shape_.c * shape_.s / partition_.groups;
  planes_per_set_ = shape_.c / partition_.groups;
  sets_per_tile_ = std::max<int64_t>(1, kTileValues / 2 / length_);
  tiles_ = (sets_ + sets_per_tile_ - 1) / sets_per_tile_;
  piece_length_ = kernels::PieceLength(length_);
  pieces_ = (length_ + piece_length_ - 1) / piece_length_;
  piece_moments_.resize(static_cast<size_t>(pieces_));
  const int64_t elements = shape_.c * shape_.s;
  // 64 chunks at most keep their sums below 1/32 of x where there are many samples.
  chunk_samples_ = std::max<int64_t>(kDrain, (shape_.n + 63) / 64);
  chunks_ = elements > kTileValues ? 0 : (shape_.n + chunk_samples_ - 1) / chunk_samples_;
  if (!per_element_) {
    plane_sums_.resize(static_cast<size_t>(shape_.n * shape_.c));
    return;
  }
  plane_sums_.resize(static_cast<size_t>(sets_ * pieces_));
  partial_.resize(static_cast<size_t>(2 * elements * chunks_));
  chunk_sums_.resize(partial_.size());
}

int64_t RunsEngine::WholeTiles() const {
  if (pieces_ == 1 || !WorthThreads(shape_.Elements())) return tiles_;  // a tile is small
  const int64_t threads = ThreadCount();
  return tiles_ / threads * threads;
}

void RunsEngine::Measure(const Call& call, SetRange sets) {
  if (pieces_ == 1) {
    kernels::SetMoments(call.x + sets.first * length_, sets.last - sets.first, {1, 0, length_},
                        arrays_.mean.data() + sets.first, arrays_.variance.data() + sets.first);
    return;
  }
  for (int64_t set = sets.first; set < sets.last; ++set) {
    Moments merged;
    for (int64_t first = 0; first < length_; first += piece_length_) {
      merged.Merge(kernels::RowMoments(call.x + set * length_ + first,
                                       {1, 0, std::min(piece_length_, length_ - first)}));
    }
    arrays_.PutMoments(set, merged);
  }
}

void RunsEngine::MeasureTogether(const Call& call, int64_t set) {
  ParallelFor(pieces_, length_, [&](int64_t piece) {
    const int64_t first = piece * piece_length_;
    piece_moments_[static_cast<size_t>(piece)] = kernels::RowMoments(
        call.x + set * length_ + first, {1, 0, std::min(piece_length_, length_ - first)});
  });
  Moments merged;
  for (const Moments& moments : piece_moments_) merged.Merge(moments);
  arrays_.PutMoments(set, merged);
}

RowBlock RunsEngine::Rows(const Call& call, SetRange sets) const {
  const int64_t period = shape_.c * shape_.s, first = sets.first * length_ % period;
  return {sets.last - sets.first, length_, length_, first, period, call.stream};
}

void RunsEngine::Apply(const Call& call, SetRange sets, int64_t first, int64_t last) const {
  const float* x = call.x + first;
  float* to = call.out + first;
  if (!per_element_) {
    ForPlanePieces(Planes(call), first, last, [&](const PlaneBlock& block, int64_t at) {
      kernels::ApplyPlanes(x + at, to + at, block, arrays_.View(), call.affine);
    });
    return;
  }
  RowBlock rows = Rows(call, sets);
  if (last - first < rows.rows * length_) {  // a piece of one row
    rows.first = first % rows.period;
    rows.length = last - first;
  }
  kernels::ApplyRows(x, to, rows, arrays_.View().From(sets.first), call.affine);
}

void RunsEngine::Forward(const float* x, float* y, const Affine& affine, bool measure,
                         SetRules& rules) {
  const Call call{x, nullptr, y, affine, {}, &rules, false, measure, Streams(ForwardPass(measure))};
  const int64_t whole = WholeTiles();
  ParallelFor(whole, shape_.Elements(), [&](int64_t tile) {
    const SetRange sets = SetsOf(tile);
    if (measure) Measure(call, sets);
    rules.Coefficients(sets, &arrays_);
    Apply(call, sets, sets.first * length_, sets.last * length_);
  });
  for (int64_t set = whole * sets_per_tile_; set < sets_; ++set) {
    if (measure) MeasureTogether(call, set);
    rules.Coefficients({set, set + 1}, &arrays_);
    ParallelFor(pieces_, length_, [&](int64_t piece) {
      const int64_t first = piece * piece_length_;
      const int64_t last = std::min(length_, first + piece_length_);
      Apply(call, {set, set + 1}, set * length_ + first, set * length_ + last);
    });
  }
}

void RunsEngine::Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                          const AffineGradients& gradients, SetRules& rules) {
  const Call call{x, dy, dx, affine, gradients, &rules, true, true, Streams(Pass::kBackward)};
  per_element_ ? BackwardByRows(call) : BackwardByPlanes(call);
}

void RunsEngine::SumPlanes(const Call& call, int64_t first, int64_t last) {
  PlaneBlock block = Planes(call);
  block.first = first;
  block.last = last;
  const int64_t offset = first * shape_.s;
  kernels::SumPlanes(call.x + offset, call.dy + offset, block, arrays_.View(), call.affine,
                     plane_sums_.data() + first);
}

void RunsEngine::WeighPlanes(const Call& call, SetRange sets) {
  for (int64_t set = sets.first; set < sets.last; ++set) {
    const GradientSums* planes = plane_sums_.data() + set * planes_per_set_;
    const Affine affine = call.affine.From(GroupOf(set) * planes_per_set_);
    double g = 0, gx = 0;
    for (int64_t i = 0; i < planes_per_set_; ++i) {
      const auto gamma = static_cast<double>(affine.Gamma(i));
      g += gamma * planes[i].g;
      gx += gamma * planes[i].gx;
    }
    arrays_.g[static_cast<size_t>(set)] = g;
    arrays_.gx[static_cast<size_t>(set)] = gx;
  }
  call.rules->Gradients(sets, &arrays_);
}

void RunsEngine::BackwardPlanes(const Call& call, int64_t first, int64_t last) const {
  const int64_t offset = first * shape_.s;
  PlaneBlock block = Planes(call);
  block.first = first;
  block.last = last;
  kernels::BackwardPlanes(call.x + offset, call.dy + offset, call.out + offset, block,
                          arrays_.View(), call.affine);
}

void RunsEngine::BackwardByPlanes(const Call& call) {
  const int64_t whole = WholeTiles();
  ParallelFor(whole, shape_.Elements(), [&](int64_t tile) {
    const SetRange sets = SetsOf(tile);
    const int64_t first = sets.first * planes_per_set_, last = sets.last * planes_per_set_;
    SumPlanes(call, first, last);
    WeighPlanes(call, sets);
    BackwardPlanes(call, first, last);
  });
  for (int64_t set = whole * sets_per_tile_; set < sets_; ++set) {
    const int64_t first = set * planes_per_set_;
    ParallelFor(planes_per_set_, length_,
                [&](int64_t plane) { SumPlanes(call, first + plane, first + plane + 1); });
    WeighPlanes(call, {set, set + 1});
    ParallelFor(planes_per_set_, length_,
                [&](int64_t plane) { BackwardPlanes(call, first + plane, first + plane + 1); });
  }
  if (call.gradients.dbeta != nullptr) ParametersFromPlanes(call);
}

// Runs have no shift, so a plane's sums are those of its gamma and beta.
void RunsEngine::ParametersFromPlanes(const Call& call) const {
  constexpr int64_t kChunk = 256;
  ParallelFor((shape_.c + kChunk - 1) / kChunk, 4 * sets_ * planes_per_set_, [&](int64_t chunk) {
    const int64_t first = chunk * kChunk, count = std::min(kChunk, shape_.c - first);
    std::array<GradientSums, kChunk> sums{};
    for (int64_t n = 0; n < shape_.n; ++n) {
      const GradientSums* planes = plane_sums_.data() + n * shape_.c + first;
      for (int64_t i = 0; i < count; ++i) {
        sums[static_cast<size_t>(i)].g += planes[i].g;
        sums[static_cast<size_t>(i)].gx += planes[i].gx;
      }
    }
    float* dgamma = call.gradients.dgamma;
    for (int64_t i = 0; i < count; ++i) {
      const GradientSums& sum = sums[static_cast<size_t>(i)];
      if (dgamma != nullptr) dgamma[first + i] += static_cast<float>(sum.gx);
      call.gradients.dbeta[first + i] += static_cast<float>(sum.g);
    }
  });
}

void RunsEngine::SumRows(const Call& call, SetRange sets) {
  const int64_t offset = sets.first * length_;
  GradientSums* sums = plane_sums_.data();
  kernels::SumRowBlock(call.x + offset, call.dy + offset, Rows(call, sets),
                       arrays_.View().From(sets.first), call.affine, sums + sets.first);
  for (int64_t set = sets.first; set < sets.last; ++set) {
    arrays_.g[static_cast<size_t>(set)] = sums[set].g;
    arrays_.gx[static_cast<size_t>(set)] = sums[set].gx;
  }
  call.rules->Gradients(sets, &arrays_);
}

// The same for all sets, whose runs are long: all threads share the pieces of all.
void RunsEngine::SumPieces(const Call& call) {
  GradientSums* sums = plane_sums_.data();
  ParallelFor(sets_ * pieces_, shape_.Elements(), [&](int64_t i) {
    const int64_t set = i / pieces_, first = i % pieces_ * piece_length_;
    const int64_t offset = set * length_ + first;
    RowBlock piece = Rows(call, {set, set + 1});
    piece.first += first;
    piece.length = std::min(piece_length_, length_ - first);
    kernels::SumRowBlock(call.x + offset, call.dy + offset, piece, arrays_.View().From(set),
                         call.affine, sums + i);
  });
  for (int64_t set = 0; set < sets_; ++set, sums += pieces_) {
    GradientSums total;
    for (int64_t piece = 0; piece < pieces_; ++piece) {
      total.g += sums[piece].g;
      total.gx += sums[piece].gx;
    }
    arrays_.g[static_cast<size_t>(set)] = total.g;
    arrays_.gx[static_cast<size_t>(set)] = total.gx;
  }
  call.rules->Gradients({0, sets_}, &arrays_);
}

void RunsEngine::BackwardRows(const Call& call, SetRange sets, float* dgamma, float* dbeta) const {
  const int64_t offset = sets.first * length_;
  kernels::BackwardRows(call.x + offset, call.dy + offset, call.out + offset, Rows(call, sets),
                        arrays_.View().From(sets.first), call.affine, dgamma, dbeta);
}

// Samples short enough for the cache: both passes over a few of them at a time.
void RunsEngine::BackwardChunk(const Call& call, int64_t chunk) {
  const int64_t elements = shape_.c * shape_.s, groups = partition_.groups;
  const int64_t step = std::clamp<int64_t>(kTileValues / 2 / elements, 1, kDrain);
  const int64_t end = std::min(shape_.n, (chunk + 1) * chunk_samples_);
  float* part = partial_.data() + chunk * 2 * elements;
  double* sums = chunk_sums_.data() + chunk * 2 * elements;
  std::fill(part, part + 2 * elements, 0.0F);
  std::fill(sums, sums + 2 * elements, 0.0);
  const bool train = call.gradients.dbeta != nullptr;
  int64_t added = 0;
  for (int64_t n = chunk * chunk_samples_; n < end; n += step) {
    const int64_t last = std::min(end, n + step);
    const SetRange sets{n * groups, last * groups};
    SumRows(call, sets);
    if (added + (last - n) > kDrain) {
      kernels::Drain(part, 2 * elements, sums);
      added = 0;
    }
    BackwardRows(call, sets, train ? part : nullptr, train ? part + elements : nullptr);
    added += last - n;
  }
  if (train) kernels::Drain(part, 2 * elements, sums);
}

void RunsEngine::ParametersFromChunks(const Call& call) {
  const int64_t elements = shape_.c * shape_.s;
  double* sums = chunk_sums_.data();
  for (int64_t chunk = 1; chunk < chunks_; ++chunk) {
    const double* from = sums + chunk * 2 * elements;
    for (int64_t j = 0; j < 2 * elements; ++j) sums[j] += from[j];
  }
  kernels::AddSums(sums, elements, call.gradients.dgamma);
  kernels::AddSums(sums + elements, elements, call.gradients.dbeta);
}

// Samples [n, n + rows) of BackwardElements; rows of more than one only where a sample is one set.
void RunsEngine::BackwardPart(const Call& call, int64_t n, int64_t rows, int64_t first,
                              int64_t last, float* dgamma, float* dbeta) const {
  const int64_t elements = shape_.c * shape_.s;
  for (int64_t at = first; at < last;) {
    const int64_t group = at / length_, end = std::min(last, (group + 1) * length_);
    const int64_t offset = n * elements + at;
    kernels::BackwardRows(call.x + offset, call.dy + offset, call.out + offset,
                          {rows, end - at, elements, 0, elements, call.stream},
                          arrays_.View().From(SetOf(n, group)), call.affine.From(at),
                          dgamma + (at - first), dbeta + (at - first));
    at = end;
  }
}

// Long samples: elements [first, last) of all of them. Their sums fit in the first-level cache; a
// few samples add to the gradients themselves.
void RunsEngine::BackwardElements(const Call& call, int64_t first, int64_t last) const {
  const int64_t length = last - first, step = partition_.groups == 1 ? kernels::kRowGroup : 1;
  const AffineGradients& to = call.gradients;
  const bool train = to.dbeta != nullptr;
  if (train && shape_.n <= step) {
    BackwardPart(call, 0, shape_.n, first, last, to.dgamma + first, to.dbeta + first);
    return;
  }
  std::array<float, 2 * kElements> part{};
  std::array<double, 2 * kElements> sums{};
  for (int64_t n = 0; n < shape_.n; n += step) {
    const int64_t rows = std::min(step, shape_.n - n);
    BackwardPart(call, n, rows, first, last, part.data(), part.data() + kElements);
    const bool full = (n + rows) % kDrain == 0 || n + rows == shape_.n;
    if (train && full) kernels::Drain(part.data(), 2 * kElements, sums.data());
  }
  if (!train) return;
  kernels::AddSums(sums.data(), length, to.dgamma + first);
  kernels::AddSums(sums.data() + kElements, length, to.dbeta + first);
}

void RunsEngine::BackwardByRows(const Call& call) {
  if (chunks_ > 0) {
    ParallelFor(chunks_, shape_.Elements(), [&](int64_t chunk) { BackwardChunk(call, chunk); });
    if (call.gradients.dbeta != nullptr) ParametersFromChunks(call);
    return;
  }
  SumPieces(call);
  const int64_t elements = shape_.c * shape_.s;
  ParallelFor((elements + kElements - 1) / kElements, shape_.Elements(), [&](int64_t range) {
    BackwardElements(call, range * kElements, std::min(elements, (range + 1) * kElements));
  });
}

}  // namespace

std::unique_ptr<Engine> MakeRunsEngine(bool parameters_per_element) {
  return std::make_unique<RunsEngine>(parameters_per_element);
}

}  // namespace normsweep
