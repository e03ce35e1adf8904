#include "norms/kernels/column_kernels.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/column_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

// Calls body(first row's offset, std::integral_constant<size_t, rows>) for groups of kRows rows and
// then for single ones: the coefficients of a column are loaded once a group.
template <size_t kRows, class Body>
HWY_INLINE void ForRowGroups(const ColumnBlock& block, const Body& body) {
  const auto rows = static_cast<size_t>(block.rows), stride = static_cast<size_t>(block.stride);
  size_t row = 0;
  // Rows of one group may lie differently to the lines, so that streaming takes them one by one.
  for (; !block.stream && row + kRows <= rows; row += kRows) {
    body(row * stride, std::integral_constant<size_t, kRows>());
  }
  for (; row < rows; ++row) body(row * stride, std::integral_constant<size_t, 1>());
}

template <bool kRelu>
HWY_INLINE void Apply(const float* x, float* y, const ColumnBlock& block,
                      const ColumnCoefficients& c) {
  const auto columns = static_cast<size_t>(block.columns);
  const auto stride = static_cast<size_t>(block.stride);
  ForRowGroups<2>(block, [&](size_t at, auto rows) HWY_ATTR {
    const float* from = x + at;
    float* to = y + at;
    ForOutput(D(), columns, to, block.stream, [=](D d, size_t j, const auto& access) HWY_ATTR {
      const V hi = access.Load(d, c.mean_hi + j, 0);
      const V a = access.Load(d, c.a + j, 0), b = access.Load(d, c.b + j, 0);
      for (size_t r = 0; r < decltype(rows)::value; ++r) {
        const size_t i = r * stride + j;
        const V z = hn::MulAdd(hn::Sub(access.Load(d, from + i, 0), hi), a, b);
        access.Write(d, kRelu ? Relu(z, z) : z, to + i);
      }
    });
  });
}

void ApplyColumns(const float* x, float* y, const ColumnBlock& block,
                  const ColumnCoefficients& columns) {
  block.relu ? Apply<true>(x, y, block, columns) : Apply<false>(x, y, block, columns);
}

template <bool kRelu>
HWY_INLINE void Sum(const float* x, const float* dy, const ColumnBlock& block,
                    const ColumnCoefficients& c, float* sum_g, float* sum_gx) {
  const auto columns = static_cast<size_t>(block.columns);
  const auto stride = static_cast<size_t>(block.stride);
  ForRowGroups<4>(block, [&](size_t at, auto rows) HWY_ATTR {
    const float* from = x + at;
    const float* gradient = dy + at;
    ForVectors(D(), columns, [=](D d, size_t j, const auto& access) HWY_ATTR {
      const V hi = access.Load(d, c.mean_hi + j, 0), scale = access.Load(d, c.scale + j, 0);
      V a = hi, b = hi;
      if constexpr (kRelu) a = access.Load(d, c.a + j, 0), b = access.Load(d, c.b + j, 0);
      V s = hn::Zero(d), q = s;
      for (size_t r = 0; r < decltype(rows)::value; ++r) {
        const size_t i = r * stride + j;
        const V e = hn::Sub(access.Load(d, from + i, 0), hi);
        V g = access.Load(d, gradient + i, 0);
        if constexpr (kRelu) g = Relu(hn::MulAdd(e, a, b), g);
        s = hn::Add(s, g);
        q = hn::MulAdd(g, hn::Mul(e, scale), q);
      }
      if (at != 0) {
        s = hn::Add(access.Load(d, sum_g + j, 0), s);
        q = hn::Add(access.Load(d, sum_gx + j, 0), q);
      }
      access.Store(d, s, sum_g + j);
      access.Store(d, q, sum_gx + j);
    });
  });
}

void SumColumns(const float* x, const float* dy, const ColumnBlock& block,
                const ColumnCoefficients& columns, float* g, float* gx) {
  block.relu ? Sum<true>(x, dy, block, columns, g, gx) : Sum<false>(x, dy, block, columns, g, gx);
}

template <bool kRelu>
HWY_INLINE void Backward(const float* x, const float* dy, float* dx, const ColumnBlock& block,
                         const ColumnCoefficients& c) {
  const auto columns = static_cast<size_t>(block.columns);
  const auto stride = static_cast<size_t>(block.stride);
  ForRowGroups<2>(block, [&](size_t at, auto rows) HWY_ATTR {
    const float* from = x + at;
    const float* gradient = dy + at;
    float* to = dx + at;
    ForOutput(D(), columns, to, block.stream, [=](D d, size_t j, const auto& access) HWY_ATTR {
      const V hi = access.Load(d, c.mean_hi + j, 0), scale = access.Load(d, c.scale + j, 0);
      const V gamma = access.Load(d, c.gamma + j, 0);
      const V t = access.Load(d, c.t + j, 0), q = access.Load(d, c.q + j, 0);
      V a = hi, b = hi;
      if constexpr (kRelu) a = access.Load(d, c.a + j, 0), b = access.Load(d, c.b + j, 0);
      for (size_t r = 0; r < decltype(rows)::value; ++r) {
        const size_t i = r * stride + j;
        const V e = hn::Sub(access.Load(d, from + i, 0), hi);
        V g = access.Load(d, gradient + i, 0);
        if constexpr (kRelu) g = Relu(hn::MulAdd(e, a, b), g);
        const V centered = hn::Sub(hn::Mul(g, gamma), t);  // rounded as t was: 0 where m = 1
        const V sum = hn::NegMulAdd(q, hn::Mul(e, scale), centered);
        access.Write(d, hn::Mul(scale, sum), to + i);
      }
    });
  });
}

void BackwardColumns(const float* x, const float* dy, float* dx, const ColumnBlock& block,
                     const ColumnCoefficients& columns) {
  block.relu ? Backward<true>(x, dy, dx, block, columns)
             : Backward<false>(x, dy, dx, block, columns);
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep::kernels {

HWY_EXPORT(ApplyColumns);
HWY_EXPORT(SumColumns);
HWY_EXPORT(BackwardColumns);

void ApplyColumns(const float* x, float* y, const ColumnBlock& block,
                  const ColumnCoefficients& columns) {
  HWY_DYNAMIC_DISPATCH(ApplyColumns)(x, y, block, columns);
}

void SumColumns(const float* x, const float* dy, const ColumnBlock& block,
                const ColumnCoefficients& columns, float* g, float* gx) {
  HWY_DYNAMIC_DISPATCH(SumColumns)(x, dy, block, columns, g, gx);
}

void BackwardColumns(const float* x, const float* dy, float* dx, const ColumnBlock& block,
                     const ColumnCoefficients& columns) {
  HWY_DYNAMIC_DISPATCH(BackwardColumns)(x, dy, dx, block, columns);
}

}  // namespace normsweep::kernels
#endif
