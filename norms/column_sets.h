// What the engine of columns keeps per column, and how the sums over columns become the sets'
// coefficients and the coefficients of each column.
#pragma once

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

#include "norms/engine.h"
#include "norms/kernels/column_kernels.h"
#include "norms/kernels/moments.h"

namespace normsweep {

// A tensor whose channels lie side by side, as rows of columns. Rows one after the other that share
// coefficients form a *segment*: a sample, or all of a batch. A *part* is what has coefficients of
// its own: a segment, or with sub-batches every W-th.
struct ColumnLayout {
  int64_t parts = 0;
  int64_t segments = 0;
  int64_t segment_rows = 0;  // of `width` values
  int64_t width = 0;         // W C with sub-batches side by side (S = 1), else C
  int64_t repeat = 0;        // rows joined to one of `columns` values, where channels are few
  int64_t columns = 0;
  int64_t channels = 0;
  int64_t sets = 0;  // of a part

  static ColumnLayout Of(const Shape& shape, const Partition& partition, int64_t sets);
  int64_t per_set() const { return width / sets; }
};

// Floats at the start of a line that only grow.
class AlignedFloats {
 public:
  void Reserve(int64_t values) {
    if (values <= size_) return;
    auto larger = hwy::AllocateAligned<float>(static_cast<size_t>(values));
    if (larger == nullptr) throw std::bad_alloc();
    std::fill_n(larger.get(), values, 0.0F);
    data_ = std::move(larger);
    size_ = values;
  }
  float* data() const { return data_.get(); }

 private:
  hwy::AlignedFreeUniquePtr<float[]> data_;
  int64_t size_ = 0;
};

// The distance between arrays of at least n values that are read side by side: whole lines, and for
// a page or more 9 lines more than a multiple of one, so that they do not meet in one set of the
// first-level cache, which has eight places (backward of rows of 2048 columns reads and writes ten
// arrays).
inline int64_t Stagger(int64_t n) {
  return n < 1024 ? (n + 15) / 16 * 16 : (n + 1023 - 144) / 1024 * 1024 + 144;
}

// Columns [first, last) of a part's `width`, whole sets of them. With joined rows always all.
struct ColumnRange {
  int64_t part;
  int64_t first;
  int64_t last;
};

// Ranges of one part, or of several, may be worked on by several threads at once.
class ColumnSets {
 public:
  void Plan(const ColumnLayout& layout, SetArrays* arrays);

  ColumnRange All(int64_t part) const { return {part, 0, layout_.width}; }
  // The i-th of n ranges of a part, in whole sets.
  ColumnRange Share(int64_t part, int64_t i, int64_t n) const;

  // One center a set, sampled from x, so that the sums of its columns and tiles just add up.
  void Center(const float* x, ColumnRange range);
  const float* center(int64_t part) const { return center_ + part * layout_.columns; }
  // Of a part: the sums of x - center and of its square, or of dy and dy x^, one each a column, to
  // be filled in before Finish.
  double* sums(int64_t part) { return sums_.data() + part * 2 * layout_.columns; }
  kernels::ColumnCoefficients View(int64_t part) const;

  // Before the sums of a backward pass: scale and gamma of each column.
  void LoadScales(const Affine& affine, ColumnRange range);
  // From the sums (or, where nothing was measured, from the rules alone) to the coefficients of the
  // sets and of each column.
  void FinishForward(const float* x, const Affine& affine, bool measured, SetRules& rules,
                     ColumnRange range);
  void FinishBackward(SetRules& rules, ColumnRange range);
  // Channels [first, last), over the parts and the sub-batches side by side, in their order.
  void AddParameters(const AffineGradients& gradients, int64_t first, int64_t last) const;
  // Whether a channel's parameters come from one range alone.
  bool ParametersInRange() const { return layout_.parts == 1 && layout_.width == layout_.channels; }

 private:
  SetRange SetsOf(ColumnRange range) const;
  void Replicate(ColumnRange range, float* values) const;
  void FoldRepeats(int64_t part);
  void FinishMoments(const float* x, ColumnRange range);
  Moments MeasureExactly(const float* x, int64_t part, int64_t set) const;
  void LoadLines(const Affine& affine, ColumnRange range);
  void WeighSets(ColumnRange range, const double* g, double* gx);
  void AddParts(const AffineGradients& gradients, int64_t first, int64_t last) const;

  ColumnLayout layout_;
  SetArrays* arrays_ = nullptr;
  AlignedFloats values_;  // of all arrays [part][column]
  float *center_ = nullptr, *mean_hi_ = nullptr, *a_ = nullptr, *b_ = nullptr, *scale_ = nullptr,
        *gamma_ = nullptr, *t_ = nullptr, *q_ = nullptr;
  std::vector<double> sums_;  // [part][2][column]
};

}  // namespace normsweep
