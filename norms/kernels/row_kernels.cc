#include "norms/kernels/row_kernels.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/row_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

// gamma and beta of a row, or 1 and 0.
struct RowParameters {
  const float* gamma;
  const float* beta;
  template <class Access>
  HWY_INLINE V Gamma(D d, size_t i, const Access& access) const {
    return gamma == nullptr ? hn::Set(d, 1.0F) : access.Load(d, gamma + i, 1);
  }
  template <class Access>
  HWY_INLINE V Beta(D d, size_t i, const Access& access) const {
    return beta == nullptr ? hn::Zero(d) : access.Load(d, beta + i, 0);
  }
};

// x^ = (x - mean_hi) scale + shift, the shift with mean_lo in it.
struct RowLine {
  float mean_hi, scale, shift;
  static HWY_INLINE RowLine Of(const Coefficients& sets, int64_t set) {
    const float scale = sets.scale[set];
    return {sets.mean_hi[set], scale, sets.shift[set] - sets.mean_lo[set] * scale};
  }
  HWY_INLINE V Normalize(D d, V x) const {
    return hn::MulAdd(hn::Sub(x, hn::Set(d, mean_hi)), hn::Set(d, scale), hn::Set(d, shift));
  }
};

// Calls body(set, offset of the row, its parameters, offset in the period).
template <class Body>
HWY_INLINE void ForRows(const RowBlock& block, const Affine& affine, const Body& body) {
  int64_t offset = 0, at = block.first;
  for (int64_t row = 0; row < block.rows; ++row) {
    const Affine own = affine.From(at);
    body(row, offset, RowParameters{own.gamma, own.beta}, at);
    offset += block.stride;
    at = (at + block.stride) % block.period;
  }
}

void ApplyRows(const float* x, float* y, const RowBlock& block, const Coefficients& sets,
               const Affine& affine) {
  const bool relu = affine.relu;
  ForRows(
      block, affine, [&](int64_t set, int64_t offset, const RowParameters& row, int64_t) HWY_ATTR {
        const RowLine line = RowLine::Of(sets, set);
        const float* from = x + offset;
        float* to = y + offset;
        ForVectors(D(), static_cast<size_t>(block.length),
                   [=](D d, size_t i, const auto& access) HWY_ATTR {
                     const V normalized = line.Normalize(d, access.Load(d, from + i, 0));
                     const V z =
                         hn::MulAdd(normalized, row.Gamma(d, i, access), row.Beta(d, i, access));
                     access.Store(d, relu ? Relu(z, z) : z, to + i);
                   });
      });
}

struct RowTerm {
  const float* x;
  const float* dy;
  RowLine line;
  RowParameters row;
  bool relu;
  template <class Access>
  HWY_INLINE void operator()(D d, size_t i, const Access& access, V& s, V& q, bool /*odd*/) const {
    const V normalized = line.Normalize(d, access.Load(d, x + i, line.mean_hi));
    const V gamma = row.Gamma(d, i, access);
    V g = access.Load(d, dy + i, 0);
    if (relu) g = Relu(hn::MulAdd(normalized, gamma, row.Beta(d, i, access)), g);
    g = hn::Mul(g, gamma);
    s = hn::Add(s, g);
    q = hn::MulAdd(g, normalized, q);
  }
};

// Where float32 overflowed, the same sums in float64.
inline GradientSums ExactRow(const RowTerm& term, int64_t n) {
  GradientSums sums;
  for (int64_t i = 0; i < n; ++i) {
    const float normalized = (term.x[i] - term.line.mean_hi) * term.line.scale + term.line.shift;
    const float gamma = term.row.gamma == nullptr ? 1.0F : term.row.gamma[i];
    const float beta = term.row.beta == nullptr ? 0.0F : term.row.beta[i];
    if (term.relu && normalized * gamma + beta <= 0) continue;
    const double g = static_cast<double>(term.dy[i]) * static_cast<double>(gamma);
    sums.g += g;
    sums.gx += g * static_cast<double>(normalized);
  }
  return sums;
}

void SumRowBlock(const float* x, const float* dy, const RowBlock& block, const Coefficients& sets,
                 const Affine& affine, GradientSums* sums) {
  const auto n = static_cast<size_t>(block.length);
  ForRows(block, affine,
          [&](int64_t set, int64_t offset, const RowParameters& row, int64_t) HWY_ATTR {
            const RowTerm term{x + offset, dy + offset, RowLine::Of(sets, set), row, affine.relu};
            const Sums found = SumRows(D(), term, 1, 0, n);
            GradientSums add{found.first, found.second};
            if (HWY_UNLIKELY(!std::isfinite(add.g) || !std::isfinite(add.gx))) {
              add = ExactRow(term, block.length);
            }
            sums[set] = add;
          });
}

void BackwardRows(const float* x, const float* dy, float* dx, const RowBlock& block,
                  const Coefficients& sets, const Affine& affine, float* dgamma, float* dbeta) {
  const bool relu = affine.relu;
  ForRows(block, affine,
          [&](int64_t set, int64_t offset, const RowParameters& row, int64_t at) HWY_ATTR {
            const RowLine line = RowLine::Of(sets, set);
            const float t = sets.t[set], q = sets.q[set], scale = line.scale;
            const float* from = x + offset;
            const float* gradient = dy + offset;
            float* to = dx + offset;
            float* gammas = dgamma == nullptr ? nullptr : dgamma + at;
            float* betas = dbeta == nullptr ? nullptr : dbeta + at;
            ForVectors(D(), static_cast<size_t>(block.length),
                       [=](D d, size_t i, const auto& access) HWY_ATTR {
                         const V normalized = line.Normalize(d, access.Load(d, from + i, 0));
                         const V gamma = row.Gamma(d, i, access);
                         V g = access.Load(d, gradient + i, 0);
                         if (relu)
                           g = Relu(hn::MulAdd(normalized, gamma, row.Beta(d, i, access)), g);
                         if (gammas != nullptr) {
                           access.Store(d, hn::MulAdd(g, normalized, access.Load(d, gammas + i, 0)),
                                        gammas + i);
                         }
                         if (betas != nullptr)
                           access.Store(d, hn::Add(access.Load(d, betas + i, 0), g), betas + i);
                         const V centered = hn::MulSub(g, gamma, hn::Set(d, t));
                         const V sum = hn::NegMulAdd(hn::Set(d, q), normalized, centered);
                         access.Store(d, hn::Mul(hn::Set(d, scale), sum), to + i);
                       });
          });
}

void Drain(float* part, int64_t n, double* sum) {
  for (int64_t j = 0; j < n; ++j) {
    sum[j] += static_cast<double>(part[j]);
    part[j] = 0;
  }
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep::kernels {

HWY_EXPORT(ApplyRows);
HWY_EXPORT(SumRowBlock);
HWY_EXPORT(BackwardRows);
HWY_EXPORT(Drain);

void ApplyRows(const float* x, float* y, const RowBlock& block, const Coefficients& sets,
               const Affine& affine) {
  HWY_DYNAMIC_DISPATCH(ApplyRows)(x, y, block, sets, affine);
}

void SumRowBlock(const float* x, const float* dy, const RowBlock& block, const Coefficients& sets,
                 const Affine& affine, GradientSums* sums) {
  HWY_DYNAMIC_DISPATCH(SumRowBlock)(x, dy, block, sets, affine, sums);
}

void BackwardRows(const float* x, const float* dy, float* dx, const RowBlock& block,
                  const Coefficients& sets, const Affine& affine, float* dgamma, float* dbeta) {
  HWY_DYNAMIC_DISPATCH(BackwardRows)(x, dy, dx, block, sets, affine, dgamma, dbeta);
}

void Drain(float* part, int64_t n, double* sum) { HWY_DYNAMIC_DISPATCH(Drain)(part, n, sum); }

}  // namespace normsweep::kernels
#endif
