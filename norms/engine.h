// The engine runs the loops of every activation normalizer: planes and sets. A set is the values
// that share a mean and a variance, and is always a union of planes (1803.08494, section 3), so a
// normalizer only says which (Partition) and what becomes of the moments (SetRules).
//
//   forward:  moments of each tile -> merge over the set -> SetRules::Coefficients -> apply
//   backward: sums of g = dy gamma and g (x - mean) of each tile -> add over the set
//             -> SetRules::Gradients -> dx, and dgamma and dbeta per parameter index
//
// Tiles, and the order in which they are merged, depend on the shape alone, so the results are the
// same to the bit for every number of threads. Tiles are grouped into blocks, closed under sets:
// where there are enough blocks for the threads, a thread takes a block through both steps while it
// is in its cache; otherwise all threads share the tiles of one block.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "norms/kernels/coefficients.h"
#include "norms/kernels/moments.h"
#include "norms/tensor.h"

namespace normsweep {

// Which planes form a set. Within samples (layer, instance, group): the channels of one of `groups`
// groups of one sample. Across samples (batch): one channel (groups = C) of the samples n with
// equal n mod sub_batches.
struct Partition {
  int64_t groups = 1;
  int64_t sub_batches = 1;  // across samples only
  bool across_samples = false;
};

struct SetMoments {
  double mean = 0;
  double variance = 0;  // biased
};

struct SetRange {
  int64_t first;
  int64_t last;  // exclusive
};

class SetRules {
 public:
  virtual ~SetRules() = default;
  // Both may be called from several threads at once, for different ranges, and fill
  // out[sets.first, sets.last). `moments` holds nothing of use where the Forward did not measure.
  virtual void Coefficients(SetRange sets, std::span<const SetMoments> moments,
                            std::span<SetCoefficients> out) const = 0;
  virtual void Gradients(SetRange sets, std::span<const GradientSums> sums,
                         std::span<SetGradients> out) const = 0;
};

// gamma and beta, one a channel or one an element of a sample; null where there is none. The
// gradients accumulate.
struct AffineParameters {
  const float* gamma = nullptr;
  const float* beta = nullptr;
  float* dgamma = nullptr;
  float* dbeta = nullptr;
};

class Engine {
 public:
  virtual ~Engine() = default;
  Engine() = default;
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // For the calls to come. Allocates only where the work space has to grow.
  void Plan(const Shape& shape, const Partition& partition);

  // y = x^ gamma + beta. With `measure` the moments of x are taken first.
  void Forward(const float* x, float* y, const AffineParameters& affine, bool measure,
               const SetRules& rules);
  // Needs the coefficients of the Forward before it.
  void Backward(const float* x, const float* dy, float* dx, const AffineParameters& affine,
                const SetRules& rules);

  int64_t sets() const { return static_cast<int64_t>(moments_.size()); }
  int64_t count() const { return count_; }  // values in a set
  std::span<const SetMoments> moments() const { return moments_; }
  std::span<const SetCoefficients> coefficients() const { return coefficients_; }
  // `part` is the sample, or across samples the sub-batch.
  virtual int64_t SetOf(int64_t part, int64_t group) const = 0;
  virtual int64_t GroupOf(int64_t set) const = 0;

 protected:
  struct Call {
    const float* x = nullptr;
    const float* dy = nullptr;
    float* out = nullptr;  // y or dx
    AffineParameters affine;
  };

  // Fills blocks_ and tiles_ and sizes the work space.
  virtual void DoPlan() = 0;
  virtual void MeasureTile(int64_t block, int64_t tile) = 0;
  virtual void MergeMoments(int64_t block) = 0;
  virtual void ApplyTile(int64_t block, int64_t tile) = 0;
  virtual void SumTile(int64_t block, int64_t tile) = 0;
  virtual void MergeSums(int64_t block) = 0;
  virtual void BackwardTile(int64_t block, int64_t tile) = 0;
  // dgamma and dbeta: from x and dy before dx may overwrite dy, or from the sums of the tiles.
  virtual void ParametersFromTensors() {}
  virtual void ParametersFromSums() {}

  SetRange SetsOf(int64_t block) const;
  void SetMerged(int64_t set, const Moments& merged);

  Shape shape_;
  Partition partition_;
  int64_t blocks_ = 0;
  int64_t tiles_ = 0;  // of one block; the same number in each
  Call call_;
  std::vector<SetMoments> moments_;
  std::vector<SetCoefficients> coefficients_;
  std::vector<GradientSums> sums_;
  std::vector<SetGradients> gradients_;

 private:
  template <class First, class Middle, class Last>
  void ForEachBlock(const First& first, const Middle& middle, const Last& last);

  int64_t count_ = 0;
};

// One engine a memory order. Runs: each plane, or where gamma is one an element (or S = 1, where a
// channel is an element) each set, is a run of values side by side. Columns: channels side by side.
enum class AffineKind { kNone, kChannel, kElement };
std::unique_ptr<Engine> MakeEngine(const Shape& shape, bool across_samples, AffineKind affine);
std::unique_ptr<Engine> MakeRunsEngine(bool parameters_per_element);
std::unique_ptr<Engine> MakeColumnsEngine();

}  // namespace normsweep
