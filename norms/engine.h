// The engine runs the loops of every activation normalizer: planes and sets. A set is the values
// that share a mean and a variance, and is always a union of planes (1803.08494, section 3), so a
// normalizer only says which (Partition) and what becomes of the moments (SetRules).
//
//   forward:  moments of each tile -> merge over the set -> SetRules::Coefficients -> apply
//   backward: sums of g = dy gamma and g x^ of each tile -> add over the set
//             -> SetRules::Gradients -> dx, and dgamma and dbeta per parameter index
//
// The sums of a backward pass are float32 over 32 additions, and float64 from there on: dy and
// dy x^ must stay below 1e37.
//
// Tiles, and the order in which they are merged, depend on the shape alone, so the results are the
// same to the bit for every number of threads. README.md has the traversals, with numbers.
//
// | engine  | file              | memory                                      | tile            |
// |---------|-------------------|---------------------------------------------|-----------------|
// | runs    | engine_runs.cc    | a set is one run: layer, instance and group | a run, or piece |
// |         |                   | in channels_first, or with S = 1, or layer  | of it           |
// |         |                   | with parameters per element                 |                 |
// | planes  | engine_planes.cc  | batch, channels_first, S > 1                | planes of a set |
// | columns | engine_columns.cc | channels side by side: the rest             | rows            |
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "norms/cost.h"
#include "norms/kernels/coefficients.h"
#include "norms/tensor.h"

namespace normsweep {

// Which planes form a set. Within samples (layer, instance, group): the channels of one of `groups`
// groups of one sample. Across samples (batch): one channel (groups = C) of the samples n with
// equal n mod sub_batches.
struct Partition {
  int64_t groups = 1;
  int64_t sub_batches = 1;  // across samples only
  bool across_samples = false;

  friend bool operator==(const Partition&, const Partition&) = default;
};

struct SetRange {
  int64_t first;
  int64_t last;  // exclusive
};

// Both may be called from several threads at once, for different ranges of sets.
class SetRules {
 public:
  virtual ~SetRules() = default;
  // Fills mean_hi, mean_lo, scale and shift; mean and variance hold nothing of use where the
  // Forward did not measure. Once for every set of a Forward.
  virtual void Coefficients(SetRange sets, SetArrays* arrays) = 0;
  // Fills t and q from g and gx, the sums of the set.
  virtual void Gradients(SetRange sets, SetArrays* arrays) const = 0;
};

// The gradients accumulate; null where there is none.
struct AffineGradients {
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
  virtual void Forward(const float* x, float* y, const Affine& affine, bool measure,
                       SetRules& rules) = 0;
  // Needs the coefficients of the Forward before it.
  virtual void Backward(const float* x, const float* dy, float* dx, const Affine& affine,
                        const AffineGradients& gradients, SetRules& rules) = 0;

  int64_t sets() const { return sets_; }
  int64_t count() const { return shape_.Elements() / sets_; }  // values in a set
  const SetArrays& arrays() const { return arrays_; }
  // `part` is the sample, or across samples the sub-batch.
  int64_t SetOf(int64_t part, int64_t group) const { return part * partition_.groups + group; }
  int64_t GroupOf(int64_t set) const { return set % partition_.groups; }

 protected:
  // One Forward or Backward.
  struct Call {
    const float* x = nullptr;
    const float* dy = nullptr;
    float* out = nullptr;  // y or dx
    Affine affine;
    AffineGradients gradients;
    SetRules* rules = nullptr;
    bool backward = false;
    bool measure = true;
    bool stream = false;
  };

  virtual void DoPlan() = 0;

  // Whether the output is so large that storing it past the cache is faster (cost.h).
  bool Streams(Pass pass) const;
  static Pass ForwardPass(bool measure) { return measure ? Pass::kStatistics : Pass::kOnce; }
  int64_t parts() const { return sets_ / partition_.groups; }

  Shape shape_;
  Partition partition_;
  int64_t sets_ = 1;
  SetArrays arrays_;

 private:
  bool planned_ = false;
};

// With parameters one an element, or one a channel where S = 1, a channel is an element.
enum class AffineKind { kNone, kChannel, kElement };
std::unique_ptr<Engine> MakeEngine(const Shape& shape, bool across_samples, AffineKind affine);
std::unique_ptr<Engine> MakeRunsEngine(bool parameters_per_element);
std::unique_ptr<Engine> MakePlanesEngine();
std::unique_ptr<Engine> MakeColumnsEngine();

}  // namespace normsweep
