#include "norms/engine.h"

#include "norms/parallel.h"

namespace normsweep {

std::unique_ptr<Engine> MakeEngine(const Shape& shape, bool across_samples, AffineKind affine) {
  if (across_samples) {
    const bool columns = shape.layout == Layout::kChannelsLast || shape.s == 1;
    return columns ? MakeColumnsEngine() : MakeRunsEngine(false);
  }
  if (affine == AffineKind::kElement || shape.s == 1) return MakeRunsEngine(true);
  return shape.layout == Layout::kChannelsFirst ? MakeRunsEngine(false) : MakeColumnsEngine();
}

void Engine::Plan(const Shape& shape, const Partition& partition) {
  shape_ = shape;
  partition_ = partition;
  const int64_t parts = partition.across_samples ? partition.sub_batches : shape.n;
  const auto sets = static_cast<size_t>(parts * partition.groups);
  count_ = shape.Elements() / static_cast<int64_t>(sets);
  moments_.resize(sets);
  coefficients_.resize(sets);
  sums_.resize(sets);
  gradients_.resize(sets);
  DoPlan();
}

SetRange Engine::SetsOf(int64_t block) const {
  const int64_t sets_per_block = sets() / blocks_;
  return {block * sets_per_block, (block + 1) * sets_per_block};
}

void Engine::SetMerged(int64_t set, const Moments& merged) {
  moments_[static_cast<size_t>(set)] = {merged.mean, merged.m2 / static_cast<double>(merged.count)};
}

template <class First, class Middle, class Last>
void Engine::ForEachBlock(const First& first, const Middle& middle, const Last& last) {
  const int64_t work = shape_.Elements();
  if (blocks_ >= ThreadCount()) {
    ParallelFor(blocks_, work, [&](int64_t block) {
      for (int64_t tile = 0; tile < tiles_; ++tile) first(block, tile);
      middle(block);
      for (int64_t tile = 0; tile < tiles_; ++tile) last(block, tile);
    });
    return;
  }
  for (int64_t block = 0; block < blocks_; ++block) {
    ParallelFor(tiles_, work / blocks_, [&](int64_t tile) { first(block, tile); });
    middle(block);
    ParallelFor(tiles_, work / blocks_, [&](int64_t tile) { last(block, tile); });
  }
}

void Engine::Forward(const float* x, float* y, const AffineParameters& affine, bool measure,
                     const SetRules& rules) {
  call_ = {x, nullptr, y, affine};
  ForEachBlock(
      [&](int64_t block, int64_t tile) {
        if (measure) MeasureTile(block, tile);
      },
      [&](int64_t block) {
        if (measure) MergeMoments(block);
        rules.Coefficients(SetsOf(block), moments_, coefficients_);
      },
      [&](int64_t block, int64_t tile) { ApplyTile(block, tile); });
}

void Engine::Backward(const float* x, const float* dy, float* dx, const AffineParameters& affine,
                      const SetRules& rules) {
  call_ = {x, dy, dx, affine};
  ParametersFromTensors();
  ForEachBlock([&](int64_t block, int64_t tile) { SumTile(block, tile); },
               [&](int64_t block) {
                 MergeSums(block);
                 rules.Gradients(SetsOf(block), sums_, gradients_);
               },
               [&](int64_t block, int64_t tile) { BackwardTile(block, tile); });
  ParametersFromSums();
}

}  // namespace normsweep
