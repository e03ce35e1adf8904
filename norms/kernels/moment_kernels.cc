#include "norms/kernels/moment_kernels.h"

#include <array>
#include <cmath>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/moment_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

// Every other subtraction is a multiply-add by one, which is as exact: on Zen 4, whose adders take
// two cycles for a vector of AVX-512, the sums and the differences kept them busy while the
// multipliers waited (0.66 to 0.52 ns a vector from the first-level cache).
struct DeviationTerm {
  const float* x;
  float center;
  template <class Access>
  HWY_INLINE void operator()(D d, size_t i, const Access& access, V& s, V& q, bool odd) const {
    const V c = hn::Set(d, center);
    const V value = access.Load(d, x + i, center);
    const V e = odd ? hn::MulSub(value, hn::Set(d, 1.0F), c) : hn::Sub(value, c);
    s = hn::Add(s, e);
    q = hn::MulAdd(e, e, q);
  }
};

// The mean of up to 4 vectors (16 short ones) spread over the rows, or of all values where there
// are fewer; as the first value and a mean difference, so that the center of equal values is their
// value.
HWY_INLINE float SampledCenter(D d, const float* x, size_t rows, size_t stride, size_t n) {
  const size_t lanes = hn::Lanes(d);
  const V first = hn::Set(d, x[0]);
  V sum = hn::Zero(d);
  if (n < lanes) {
    const size_t samples = std::min<size_t>(rows, 4);
    for (size_t k = 0; k < samples; ++k) {
      sum = hn::Add(sum, hn::Sub(LoadTail(d, x + k * rows / samples * stride, n, x[0]), first));
    }
    return x[0] + Total(d, sum) / static_cast<float>(samples * n);
  }
  // 16 values or more, so that the center is seldom half a deviation off: with 4 of 98 Gaussian
  // values (one lane a vector) the variance was off by up to 14 u in 10,000 draws, with 16 by 4 u.
  constexpr size_t kVectors = hn::MaxLanes(D()) < 4 ? 16 : 4;
  for (size_t k = 0; k < kVectors; ++k) {
    const size_t row = k * (rows - 1) / (kVectors - 1), i = k * (n - lanes) / (kVectors - 1);
    sum = hn::Add(sum, hn::Sub(hn::LoadU(d, x + row * stride + i), first));
  }
  return x[0] + Total(d, sum) / static_cast<float>(kVectors * lanes);
}

// The same as SumsOf for a run shorter than a vector, as group norm of [N, C] has them: one load
// instead of three, and nothing to go around.
HWY_INLINE Sums ShortSums(D d, const float* x, size_t n, float* center) {
  const D64 d64;
  const V first = hn::Set(d, x[0]);
  const V values = LoadTail(d, x, n, x[0]);
  *center = x[0] + Total(d, hn::Sub(values, first)) / static_cast<float>(n);
  const V e = hn::IfThenElseZero(hn::FirstN(d, n), hn::Sub(values, hn::Set(d, *center)));
  V64 s = hn::Zero(d64), q = s;
  AddTo(s, e);
  AddTo(q, hn::Mul(e, e));
  return {Total(d64, s), Total(d64, q)};
}

// Both sums of a set around its center.
HWY_INLINE Sums SumsOf(D d, const float* x, const Rows& r, float* center) {
  const auto rows = static_cast<size_t>(r.rows), stride = static_cast<size_t>(r.stride),
             n = static_cast<size_t>(r.n);
  if (rows == 1 && n < hn::Lanes(d)) return ShortSums(d, x, n, center);
  *center = SampledCenter(d, x, rows, stride, n);
  return SumRows(d, DeviationTerm{x, *center}, rows, stride, n);
}

Moments RowMoments(const float* x, const Rows& rows) {
  float center = 0;
  const Sums sums = SumsOf(D(), x, rows, &center);
  const auto c = static_cast<double>(center);
  if (HWY_UNLIKELY(!Trusted(c, sums.first, sums.second, rows.Count()))) {
    return ExactMoments(x, rows);
  }
  return Moments::FromSums(c, sums.first, sums.second, rows.Count());
}

void ColumnCenters(const float* x, const ColumnRows& block, float* center) {
  const D d;
  const auto samples = static_cast<size_t>(std::min<int64_t>(block.rows, 8));
  const auto stride = static_cast<size_t>(block.stride);
  const float inverse = 1 / static_cast<float>(samples);
  ForVectors(d, static_cast<size_t>(block.columns), [&](D, size_t j, const auto& access) HWY_ATTR {
    const V first = access.Load(d, x + j, 0);
    V sum = hn::Zero(d);  // of differences, so that the center of equal values is their value
    for (size_t k = 1; k < samples; ++k) {
      const size_t row = k * static_cast<size_t>(block.rows - 1) / (samples - 1);
      sum = hn::Add(sum, hn::Sub(access.Load(d, x + row * stride + j, 0), first));
    }
    access.Store(d, hn::MulAdd(sum, hn::Set(d, inverse), first), center + j);
  });
}

// Rows of one step of ColumnMoments: each reads and writes the sums, so more rows a step halve that
// traffic, and four are as many streams as every prefetcher follows.
template <size_t kRows>
HWY_INLINE void AddRows(D d, const float* x, size_t columns, size_t stride, const float* center,
                        bool first, float* sum, float* square) {
  ForVectors(d, columns, [&](D, size_t j, const auto& access) HWY_ATTR {
    const V c = access.Load(d, center + j, 0);
    const V e0 = hn::Sub(access.Load(d, x + j, 0), c);
    V s = e0, q = hn::Mul(e0, e0);
    if constexpr (kRows == 4) {
      const V e1 = hn::Sub(access.Load(d, x + stride + j, 0), c);
      const V e2 = hn::Sub(access.Load(d, x + 2 * stride + j, 0), c);
      const V e3 = hn::Sub(access.Load(d, x + 3 * stride + j, 0), c);
      s = hn::Add(hn::Add(s, e1), hn::Add(e2, e3));
      q = hn::Add(hn::MulAdd(e1, e1, q), hn::MulAdd(e2, e2, hn::Mul(e3, e3)));
    }
    if (!first) {
      s = hn::Add(access.Load(d, sum + j, 0), s);
      q = hn::Add(access.Load(d, square + j, 0), q);
    }
    access.Store(d, s, sum + j);
    access.Store(d, q, square + j);
  });
}

void ColumnMoments(const float* x, const ColumnRows& block, const float* center, float* sum,
                   float* square) {
  const D d;
  const auto n = static_cast<size_t>(block.columns), stride = static_cast<size_t>(block.stride);
  int64_t row = 0;
  for (; row + 4 <= block.rows; row += 4) {
    AddRows<4>(d, x + row * block.stride, n, stride, center, row == 0, sum, square);
  }
  for (; row < block.rows; ++row) {
    AddRows<1>(d, x + row * block.stride, n, stride, center, row == 0, sum, square);
  }
}

void AddRuns(const float* values, int64_t runs, int64_t n, double* sum) {
  const D d;
  const D64 d64;
  for (int64_t run = 0; run < runs; ++run, values += n) {
    V64 total = hn::Zero(d64);
    ForVectors(d, static_cast<size_t>(n), [&](D, size_t i, const auto& access) HWY_ATTR {
      AddTo(total, access.Load(d, values + i, 0));
    });
    sum[run] += Total(d64, total);
  }
}

void AddTiles(const float* tile_sums, int64_t tiles, int64_t stride, int64_t n, bool add,
              double* sum) {
  // Sums of neighbouring columns are independent: the compiler's own vectors do.
  if (!add) {
    for (int64_t j = 0; j < n; ++j) sum[j] = static_cast<double>(tile_sums[j]);
  }
  for (int64_t tile = add ? 0 : 1; tile < tiles; ++tile) {
    const float* from = tile_sums + tile * stride;
    for (int64_t j = 0; j < n; ++j) sum[j] += static_cast<double>(from[j]);
  }
}

// One vector of columns, or with DS of one lane a single one, which gives the same bits.
template <class DS>
HWY_INLINE bool FinishVector(DS d, const float* center, const double* sum, const double* square,
                             double n, double* mean, double* variance) {
  const hn::Rebind<float, DS> df;
  const auto zero = hn::Zero(d), inverse = hn::Set(d, 1 / n);
  const auto c = hn::PromoteTo(d, hn::LoadU(df, center));
  const auto s = hn::LoadU(d, sum), q = hn::LoadU(d, square);
  const auto shift = hn::Mul(s, inverse);
  const auto off = hn::Mul(s, shift), m2 = hn::Sub(q, off);
  const auto constant = hn::And(hn::Eq(s, zero), hn::Eq(q, zero));
  const auto sure = hn::Or(hn::Eq(c, zero), hn::Gt(hn::Abs(c), hn::Set(d, 1e-11)));
  const auto held =
      hn::And(hn::And(hn::Lt(q, hn::Set(d, 1e38 * n)), hn::Gt(m2, hn::Set(d, 1e-30 * n))),
              hn::Le(off, hn::Mul(m2, hn::Set(d, 4.0))));
  const auto trusted = hn::Or(hn::And(constant, sure), hn::And(hn::Not(constant), held));
  hn::StoreU(hn::Add(c, shift), d, mean);
  const auto v = hn::Mul(hn::Max(m2, zero), inverse);
  const auto nan = hn::Set(d, std::numeric_limits<double>::quiet_NaN());
  hn::StoreU(hn::IfThenElse(trusted, v, nan), d, variance);
  return hn::AllTrue(d, trusted);
}

bool FinishColumns(const float* center, const double* sum, const double* square, int64_t columns,
                   int64_t count, double* mean, double* variance) {
  const auto n = static_cast<double>(count);
  bool good = true;
  const auto at = [&](auto d, int64_t j) HWY_ATTR {
    good &= FinishVector(d, center + j, sum + j, square + j, n, mean + j, variance + j);
  };
  const hn::ScalableTag<double> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t j = 0;
  for (; j + lanes <= columns; j += lanes) at(d, j);
  for (; j < columns; ++j) at(hn::CappedTag<double, 1>(), j);
  return good;
}

// The divisions and checks of many sets in vectors: set by set they took half of the time of planes
// of 7x7.
void SetMoments(const float* x, int64_t sets, const Rows& rows, double* mean, double* variance) {
  constexpr int64_t kSets = 128;
  std::array<float, kSets> center;
  std::array<double, kSets> sum, square;
  for (int64_t first = 0; first < sets; first += kSets) {
    const int64_t count = std::min(kSets, sets - first);
    for (int64_t i = 0; i < count; ++i) {
      const auto at = static_cast<size_t>(i);
      const Sums sums = SumsOf(D(), x + (first + i) * rows.n, rows, &center[at]);
      sum[at] = sums.first;
      square[at] = sums.second;
    }
    if (FinishColumns(center.data(), sum.data(), square.data(), count, rows.Count(), mean + first,
                      variance + first)) {
      continue;
    }
    for (int64_t set = first; set < first + count; ++set) {
      if (!std::isnan(variance[set])) continue;
      const Moments exact = ExactMoments(x + set * rows.n, rows);
      mean[set] = exact.mean;
      variance[set] = exact.m2 / static_cast<double>(exact.count);
    }
  }
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep::kernels {

HWY_EXPORT(RowMoments);
HWY_EXPORT(SetMoments);
HWY_EXPORT(ColumnCenters);
HWY_EXPORT(ColumnMoments);
HWY_EXPORT(AddRuns);
HWY_EXPORT(AddTiles);
HWY_EXPORT(FinishColumns);

Moments RowMoments(const float* x, const Rows& rows) {
  return HWY_DYNAMIC_DISPATCH(RowMoments)(x, rows);
}

void SetMoments(const float* x, int64_t sets, const Rows& rows, double* mean, double* variance) {
  HWY_DYNAMIC_DISPATCH(SetMoments)(x, sets, rows, mean, variance);
}

void ColumnCenters(const float* x, const ColumnRows& block, float* center) {
  HWY_DYNAMIC_DISPATCH(ColumnCenters)(x, block, center);
}

void ColumnMoments(const float* x, const ColumnRows& block, const float* center, float* sum,
                   float* square) {
  HWY_DYNAMIC_DISPATCH(ColumnMoments)(x, block, center, sum, square);
}

void AddRuns(const float* values, int64_t runs, int64_t n, double* sum) {
  HWY_DYNAMIC_DISPATCH(AddRuns)(values, runs, n, sum);
}

void AddTiles(const float* tile_sums, int64_t tiles, int64_t stride, int64_t n, bool add,
              double* sum) {
  HWY_DYNAMIC_DISPATCH(AddTiles)(tile_sums, tiles, stride, n, add, sum);
}

bool FinishColumns(const float* center, const double* sum, const double* square, int64_t columns,
                   int64_t count, double* mean, double* variance) {
  return HWY_DYNAMIC_DISPATCH(FinishColumns)(center, sum, square, columns, count, mean, variance);
}

}  // namespace normsweep::kernels
#endif
