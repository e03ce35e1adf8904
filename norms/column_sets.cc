#include "norms/column_sets.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "norms/kernels/moment_kernels.h"
#include "norms/kernels/set_kernels.h"

namespace normsweep {
namespace {

// Columns are at least this many, for rows of few channels are joined: one vector of 16 values for
// a row of 3 would be mostly empty.
constexpr int64_t kLeastColumns = 64;

}  // namespace

ColumnLayout ColumnLayout::Of(const Shape& shape, const Partition& partition, int64_t sets) {
  ColumnLayout l;
  const int64_t sub_batches = partition.sub_batches;
  l.channels = l.width = shape.c;
  l.segments = l.parts = shape.n;
  l.segment_rows = shape.s;
  if (partition.across_samples && sub_batches == 1) {
    l.segments = l.parts = 1;
    l.segment_rows = shape.n * shape.s;
  } else if (partition.across_samples && shape.s == 1) {
    l.segments = l.parts = 1;
    l.width = sub_batches * shape.c;
    l.segment_rows = shape.n / sub_batches;
  } else if (partition.across_samples) {
    l.parts = sub_batches;
  }
  l.repeat = l.width >= kLeastColumns / 2
                 ? 1
                 : std::min(l.segment_rows, (kLeastColumns + l.width - 1) / l.width);
  l.columns = l.width * l.repeat;
  l.sets = sets / l.parts;
  return l;
}

void ColumnSets::Plan(const ColumnLayout& layout, SetArrays* arrays) {
  layout_ = layout;
  arrays_ = arrays;
  const int64_t step = Stagger(layout.parts * layout.columns);
  values_.Reserve(8 * step);
  float* next = values_.data();
  for (auto* array : {&center_, &mean_hi_, &a_, &b_, &scale_, &gamma_, &t_, &q_}) {
    *array = next;
    next += step;
  }
  sums_.resize(static_cast<size_t>(layout.parts * 2 * layout.columns));
}

ColumnRange ColumnSets::Share(int64_t part, int64_t i, int64_t n) const {
  const int64_t per_set = layout_.per_set(), sets = layout_.sets;
  return {part, i * sets / n * per_set, (i + 1) * sets / n * per_set};
}

SetRange ColumnSets::SetsOf(ColumnRange range) const {
  const int64_t per_set = layout_.per_set(), before = range.part * layout_.sets;
  return {before + range.first / per_set, before + range.last / per_set};
}

kernels::ColumnCoefficients ColumnSets::View(int64_t part) const {
  const kernels::ColumnCoefficients all{mean_hi_, a_, b_, scale_, gamma_, t_, q_};
  return all.From(part * layout_.columns);
}

void ColumnSets::Replicate(ColumnRange range, float* values) const {
  float* first = values + range.part * layout_.columns;
  for (int64_t j = layout_.width; layout_.repeat > 1 && j < layout_.columns; ++j) {
    first[j] = first[j - layout_.width];
  }
}

void ColumnSets::Center(const float* x, ColumnRange range) {
  const int64_t n = range.last - range.first, per_set = layout_.per_set();
  float* center = center_ + range.part * layout_.columns + range.first;
  kernels::ColumnCenters(x + range.part * layout_.segment_rows * layout_.width + range.first,
                         {layout_.segment_rows, n, layout_.width}, center);
  for (int64_t j = 0; per_set > 1 && j < n; j += per_set) {
    double sum = 0;
    for (int64_t k = j; k < j + per_set; ++k) sum += static_cast<double>(center[k]);
    std::fill(center + j, center + j + per_set,
              static_cast<float>(sum / static_cast<double>(per_set)));
  }
  Replicate(range, center_);
}

Moments ColumnSets::MeasureExactly(const float* x, int64_t part, int64_t set) const {
  const int64_t per_set = layout_.per_set();
  const float* column = x + (set - part * layout_.sets) * per_set;
  Moments merged;
  for (int64_t segment = part; segment < layout_.segments; segment += layout_.parts) {
    merged.Merge(kernels::ExactMoments(column + segment * layout_.segment_rows * layout_.width,
                                       {layout_.segment_rows, layout_.width, per_set}));
  }
  return merged;
}

void ColumnSets::FinishMoments(const float* x, ColumnRange range) {
  const SetRange sets = SetsOf(range);
  const int64_t per_set = layout_.per_set(), n = range.last - range.first;
  float* center = center_ + range.part * layout_.columns + range.first;
  double* sum = sums(range.part) + range.first;
  double* square = sum + layout_.columns;
  for (int64_t j = 0, set = 0; per_set > 1 && j < n; j += per_set, ++set) {
    double s = 0, q = 0;
    for (int64_t k = j; k < j + per_set; ++k) s += sum[k], q += square[k];
    center[set] = center[j];  // to the front, one a set
    sum[set] = s;
    square[set] = q;
  }
  double* mean = arrays_->mean.data();
  double* variance = arrays_->variance.data();
  const int64_t rows = layout_.segments / layout_.parts * layout_.segment_rows;
  if (kernels::FinishColumns(center, sum, square, sets.last - sets.first, rows * per_set,
                             mean + sets.first, variance + sets.first)) {
    return;
  }
  for (int64_t set = sets.first; set < sets.last; ++set) {
    if (!std::isnan(variance[set])) continue;
    arrays_->PutMoments(set, MeasureExactly(x, range.part, set));
  }
}

// a and b of each column (coefficients.h), which Backward finds as Forward left them.
void ColumnSets::LoadLines(const Affine& affine, ColumnRange range) {
  const int64_t at = range.part * layout_.columns, channels = layout_.channels;
  for (int64_t j = range.first; j < range.last;) {  // a sub-batch's columns repeat the channels
    const int64_t channel = j % channels, n = std::min(range.last - j, channels - channel);
    const int64_t set = SetsOf({range.part, j, j}).first;
    kernels::ColumnLines(arrays_->View().From(set), affine.From(channel), n, layout_.per_set(),
                         mean_hi_ + at + j, a_ + at + j, b_ + at + j);
    j += n;
  }
  for (float* values : {mean_hi_, a_, b_}) Replicate(range, values);
}

void ColumnSets::LoadScales(const Affine& affine, ColumnRange range) {
  const int64_t at = range.part * layout_.columns, per_set = layout_.per_set();
  const float* scale = arrays_->scale.data() + range.part * layout_.sets;
  const bool once = layout_.width == layout_.channels;
  for (int64_t j = range.first; j < range.last; ++j) {
    scale_[at + j] = scale[per_set == 1 ? j : j / per_set];
    gamma_[at + j] = affine.Gamma(once ? j : j % layout_.channels);
  }
  for (float* values : {scale_, gamma_}) Replicate(range, values);
}

// The sums of joined rows.
void ColumnSets::FoldRepeats(int64_t part) {
  for (const int64_t which : {0, 1}) {
    double* sum = sums(part) + which * layout_.columns;
    for (int64_t j = layout_.width; j < layout_.columns; ++j) sum[j % layout_.width] += sum[j];
  }
}

void ColumnSets::FinishForward(const float* x, const Affine& affine, bool measured, SetRules& rules,
                               ColumnRange range) {
  if (measured) {
    FoldRepeats(range.part);
    FinishMoments(x, range);
  }
  rules.Coefficients(SetsOf(range), arrays_);
  LoadLines(affine, range);
}

void ColumnSets::FinishBackward(SetRules& rules, ColumnRange range) {
  FoldRepeats(range.part);
  const SetRange sets = SetsOf(range);
  const int64_t at = range.part * layout_.columns + range.first, per_set = layout_.per_set();
  const int64_t n = range.last - range.first;
  double* g = sums(range.part) + range.first;
  double* gx = g + layout_.columns;
  if (per_set == 1) {
    kernels::WeighColumns(arrays_->View().From(sets.first), gamma_ + at, n, g, gx,
                          arrays_->g.data() + sets.first, arrays_->gx.data() + sets.first);
    rules.Gradients(sets, arrays_);
    kernels::ColumnGradients(arrays_->View().From(sets.first), n, t_ + at, q_ + at);
  } else {
    WeighSets(range, g, gx);
    rules.Gradients(sets, arrays_);
    for (int64_t set = sets.first, j = at; set < sets.last; ++set, j += per_set) {
      std::fill_n(q_ + j, per_set, arrays_->q[static_cast<size_t>(set)]);
      std::fill_n(t_ + j, per_set, LoopT(arrays_->View(), set));
    }
  }
  for (float* values : {t_, q_}) Replicate(range, values);
}

// WeighColumns where a set has several columns.
void ColumnSets::WeighSets(ColumnRange range, const double* g, double* gx) {
  const SetRange sets = SetsOf(range);
  const int64_t per_set = layout_.per_set();
  const float* gamma = gamma_ + range.part * layout_.columns + range.first;
  for (int64_t set = sets.first, j = 0; set < sets.last; ++set) {
    const double rest = Remainder(arrays_->View(), set);
    double sum_g = 0, sum_gx = 0;
    for (const int64_t end = j + per_set; j < end; ++j) {
      gx[j] -= rest * g[j];
      sum_g += static_cast<double>(gamma[j]) * g[j];
      sum_gx += static_cast<double>(gamma[j]) * gx[j];
    }
    arrays_->g[static_cast<size_t>(set)] = sum_g;
    arrays_->gx[static_cast<size_t>(set)] = sum_gx;
  }
}

void ColumnSets::AddParameters(const AffineGradients& gradients, int64_t first,
                               int64_t last) const {
  if (ParametersInRange() && layout_.per_set() == 1) {
    kernels::AddParameters(sums_.data() + first, sums_.data() + layout_.columns + first,
                           arrays_->shift.data() + first, last - first,
                           gradients.dgamma == nullptr ? nullptr : gradients.dgamma + first,
                           gradients.dbeta + first);
    return;
  }
  constexpr int64_t kChunk = 128;
  for (; first < last; first += kChunk) AddParts(gradients, first, std::min(last, first + kChunk));
}

// The same for at most 128 channels, from several parts or columns.
void ColumnSets::AddParts(const AffineGradients& gradients, int64_t first, int64_t last) const {
  std::array<double, 128> dgamma{}, dbeta{};
  const int64_t per_set = layout_.per_set();
  for (int64_t part = 0; part < layout_.parts; ++part) {
    const float* shift = arrays_->shift.data() + part * layout_.sets;
    for (int64_t w = 0; w < layout_.width; w += layout_.channels) {
      for (int64_t c = first; c < last; ++c) {
        const auto at = static_cast<size_t>(part * 2 * layout_.columns + w + c);
        const double g = sums_[at], gx = sums_[at + static_cast<size_t>(layout_.columns)];
        const auto to = static_cast<size_t>(c - first);
        const float d = shift[per_set == 1 ? w + c : (w + c) / per_set];
        dgamma[to] += gx + static_cast<double>(d) * g;
        dbeta[to] += g;
      }
    }
  }
  const std::array<float, 128> none{};
  kernels::AddParameters(dbeta.data(), dgamma.data(), none.data(), last - first,
                         gradients.dgamma == nullptr ? nullptr : gradients.dgamma + first,
                         gradients.dbeta + first);
}

}  // namespace normsweep
