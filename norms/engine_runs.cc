// The engine of runs: values side by side that share a set, and gamma and beta too unless these are
// one an element. In channels_first a run is a plane; with parameters per element it is a whole
// set.
#include <algorithm>
#include <array>

#include "norms/engine.h"
#include "norms/kernels/run_kernels.h"
#include "norms/parallel.h"

namespace normsweep {
namespace {

// Values of a tile: 32 KiB, so that a tile read once stays in the first-level cache. Longer runs
// are cut into pieces, shorter ones share a tile.
constexpr int64_t kTileValues = 8192;

class RunsEngine final : public Engine {
 public:
  explicit RunsEngine(bool per_element) : per_element_(per_element) {}

  int64_t SetOf(int64_t part, int64_t group) const override {
    return partition_.across_samples ? group * partition_.sub_batches + part
                                     : part * partition_.groups + group;
  }
  int64_t GroupOf(int64_t set) const override {
    return partition_.across_samples ? set / partition_.sub_batches : set % partition_.groups;
  }

 protected:
  void DoPlan() override;
  void MeasureTile(int64_t block, int64_t tile) override;
  void MergeMoments(int64_t block) override;
  void ApplyTile(int64_t block, int64_t tile) override;
  void SumTile(int64_t block, int64_t tile) override;
  void MergeSums(int64_t block) override;
  void BackwardTile(int64_t block, int64_t tile) override;
  void ParametersFromTensors() override;
  void ParametersFromSums() override;

 private:
  // A run's piece: `element` is its first value's place in the sample.
  struct Piece {
    size_t index;  // into the work space
    int64_t offset, length, element, run;
    size_t set;
  };
  Piece PieceOf(int64_t block, int64_t j) const;
  template <class Body>
  void ForPiecesOf(int64_t block, int64_t tile, const Body& body) const;
  void AddElements(int64_t first, int64_t last);

  bool per_element_;
  int64_t runs_ = 0;  // of one sample
  int64_t run_length_ = 0;
  int64_t pieces_per_run_ = 0;
  int64_t piece_length_ = 0;
  int64_t pieces_ = 0;  // of one block
  int64_t pieces_per_tile_ = 0;
  std::vector<Moments> piece_moments_;
  std::vector<Moments> merged_;
  std::vector<GradientSums> piece_sums_;
};

void RunsEngine::DoPlan() {
  runs_ = per_element_ ? partition_.groups : shape_.c;
  run_length_ = shape_.c * shape_.s / runs_;
  pieces_per_run_ = (run_length_ + kTileValues - 1) / kTileValues;
  piece_length_ = (run_length_ + pieces_per_run_ - 1) / pieces_per_run_;
  blocks_ = partition_.across_samples ? runs_ : shape_.n;
  pieces_ = (partition_.across_samples ? shape_.n : runs_) * pieces_per_run_;
  pieces_per_tile_ = std::max<int64_t>(1, kTileValues / piece_length_);
  tiles_ = (pieces_ + pieces_per_tile_ - 1) / pieces_per_tile_;
  piece_moments_.resize(static_cast<size_t>(blocks_ * pieces_));
  piece_sums_.resize(static_cast<size_t>(blocks_ * pieces_));
  merged_.resize(static_cast<size_t>(sets()));
}

RunsEngine::Piece RunsEngine::PieceOf(int64_t block, int64_t j) const {
  const bool across = partition_.across_samples;
  const int64_t start = j % pieces_per_run_ * piece_length_;
  const int64_t sample = across ? j / pieces_per_run_ : block;
  const int64_t run = across ? block : j / pieces_per_run_;
  const int64_t element = run * run_length_ + start;
  const int64_t set = across ? SetOf(sample % partition_.sub_batches, run)
                             : SetOf(sample, run / (runs_ / partition_.groups));
  return {static_cast<size_t>(block * pieces_ + j),
          sample * runs_ * run_length_ + element,
          std::min(piece_length_, run_length_ - start),
          element,
          run,
          static_cast<size_t>(set)};
}

template <class Body>
void RunsEngine::ForPiecesOf(int64_t block, int64_t tile, const Body& body) const {
  const int64_t last = std::min(pieces_, (tile + 1) * pieces_per_tile_);
  for (int64_t j = tile * pieces_per_tile_; j < last; ++j) body(PieceOf(block, j));
}

void RunsEngine::MeasureTile(int64_t block, int64_t tile) {
  ForPiecesOf(block, tile, [&](const Piece& piece) {
    piece_moments_[piece.index] = kernels::RunMoments(call_.x + piece.offset, piece.length);
  });
}

void RunsEngine::MergeMoments(int64_t block) {
  const SetRange range = SetsOf(block);
  std::fill(merged_.begin() + range.first, merged_.begin() + range.last, Moments{});
  for (int64_t j = 0; j < pieces_; ++j) {
    const Piece piece = PieceOf(block, j);
    merged_[piece.set].Merge(piece_moments_[piece.index]);
  }
  for (int64_t set = range.first; set < range.last; ++set) {
    SetMerged(set, merged_[static_cast<size_t>(set)]);
  }
}

void RunsEngine::ApplyTile(int64_t block, int64_t tile) {
  const AffineParameters& affine = call_.affine;
  ForPiecesOf(block, tile, [&](const Piece& piece) {
    const float* x = call_.x + piece.offset;
    float* y = call_.out + piece.offset;
    const SetCoefficients& set = coefficients_[piece.set];
    if (per_element_ && affine.gamma != nullptr) {
      kernels::RunApplyElements(x, y, piece.length, set, affine.gamma + piece.element,
                                affine.beta + piece.element);
    } else {
      kernels::RunApply(x, y, piece.length, set,
                        affine.gamma == nullptr ? 1.0F : affine.gamma[piece.run],
                        affine.beta == nullptr ? 0.0F : affine.beta[piece.run]);
    }
  });
}

void RunsEngine::SumTile(int64_t block, int64_t tile) {
  ForPiecesOf(block, tile, [&](const Piece& piece) {
    const float* x = call_.x + piece.offset;
    const float* dy = call_.dy + piece.offset;
    const SetCoefficients& set = coefficients_[piece.set];
    piece_sums_[piece.index] =
        per_element_ && call_.affine.gamma != nullptr
            ? kernels::RunGradientSumsElements(x, dy, piece.length, set,
                                               call_.affine.gamma + piece.element)
            : kernels::RunGradientSums(x, dy, piece.length, set);
  });
}

void RunsEngine::MergeSums(int64_t block) {
  const SetRange range = SetsOf(block);
  std::fill(sums_.begin() + range.first, sums_.begin() + range.last, GradientSums{});
  const bool weigh = !per_element_ && call_.affine.gamma != nullptr;
  for (int64_t j = 0; j < pieces_; ++j) {
    const Piece piece = PieceOf(block, j);
    const double gamma = weigh ? static_cast<double>(call_.affine.gamma[piece.run]) : 1.0;
    const GradientSums& sums = piece_sums_[piece.index];
    sums_[piece.set] += {gamma * sums.g, gamma * sums.ge};
  }
}

void RunsEngine::BackwardTile(int64_t block, int64_t tile) {
  const float* gamma = call_.affine.gamma;
  ForPiecesOf(block, tile, [&](const Piece& piece) {
    const float* x = call_.x + piece.offset;
    const float* dy = call_.dy + piece.offset;
    float* dx = call_.out + piece.offset;
    const SetCoefficients& set = coefficients_[piece.set];
    if (per_element_ && gamma != nullptr) {
      kernels::RunBackwardElements(x, dy, dx, piece.length, set, gradients_[piece.set],
                                   gamma + piece.element);
    } else {
      kernels::RunBackward(x, dy, dx, piece.length, set, gradients_[piece.set],
                           gamma == nullptr ? 1.0F : gamma[piece.run]);
    }
  });
}

void RunsEngine::ParametersFromTensors() {
  if (!per_element_ || call_.affine.dgamma == nullptr) return;
  constexpr int64_t kChunk = 256;  // two float64 sums an element: 4 KiB
  const int64_t elements = runs_ * run_length_;
  ParallelFor((elements + kChunk - 1) / kChunk, shape_.Elements(), [&](int64_t chunk) {
    AddElements(chunk * kChunk, std::min(elements, (chunk + 1) * kChunk));
  });
}

// Adds the gradients of the parameters [first, last), at most 256, over the samples in their order.
void RunsEngine::AddElements(int64_t first, int64_t last) {
  std::array<double, 256> dgamma{}, dbeta{};
  for (int64_t sample = 0; sample < shape_.n; ++sample) {
    const int64_t base = sample * runs_ * run_length_;
    for (int64_t begin = first; begin < last;) {
      const int64_t run = begin / run_length_;
      const int64_t end = std::min(last, (run + 1) * run_length_);
      kernels::RunParameterSums(call_.x + base + begin, call_.dy + base + begin, end - begin,
                                coefficients_[static_cast<size_t>(SetOf(sample, run))],
                                dgamma.data() + (begin - first), dbeta.data() + (begin - first));
      begin = end;
    }
  }
  kernels::RunAccumulate(dgamma.data(), last - first, call_.affine.dgamma + first);
  kernels::RunAccumulate(dbeta.data(), last - first, call_.affine.dbeta + first);
}

void RunsEngine::ParametersFromSums() {
  if (per_element_ || call_.affine.dbeta == nullptr) return;
  ParallelFor(runs_, shape_.n * runs_ * pieces_per_run_, [&](int64_t run) {
    double dgamma = 0, dbeta = 0;
    for (int64_t i = 0; i < shape_.n * pieces_per_run_; ++i) {
      const int64_t sample = i / pieces_per_run_;
      const int64_t block = partition_.across_samples ? run : sample;
      const int64_t j = partition_.across_samples ? i : run * pieces_per_run_ + i % pieces_per_run_;
      const Piece piece = PieceOf(block, j);
      const SetCoefficients& set = coefficients_[piece.set];
      const GradientSums& sums = piece_sums_[piece.index];
      dgamma += static_cast<double>(set.scale) * sums.ge + static_cast<double>(set.shift) * sums.g;
      dbeta += sums.g;
    }
    if (call_.affine.dgamma != nullptr) call_.affine.dgamma[run] += static_cast<float>(dgamma);
    call_.affine.dbeta[run] += static_cast<float>(dbeta);
  });
}

}  // namespace

std::unique_ptr<Engine> MakeRunsEngine(bool parameters_per_element) {
  return std::make_unique<RunsEngine>(parameters_per_element);
}

}  // namespace normsweep
