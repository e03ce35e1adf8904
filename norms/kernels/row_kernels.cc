#include "norms/kernels/row_kernels.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "norms/kernels/row_kernels.cc"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "norms/kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace normsweep::kernels::HWY_NAMESPACE {

// gamma and beta of a row, or with kAffine = false 1 and 0. There is both or none.
template <bool kAffine>
struct RowParameters {
  const float* gamma;
  const float* beta;
  // x^ gamma + beta
  template <class Access>
  HWY_INLINE V Apply(D d, size_t i, const Access& access, V normalized) const {
    if constexpr (!kAffine) return normalized;
    return hn::MulAdd(normalized, access.Load(d, gamma + i, 1), access.Load(d, beta + i, 0));
  }
  // g gamma
  template <class Access>
  HWY_INLINE V Weigh(D d, size_t i, const Access& access, V g) const {
    if constexpr (!kAffine) return g;
    return hn::Mul(g, access.Load(d, gamma + i, 1));
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
template <bool kAffine, class Body>
HWY_INLINE void ForRows(const RowBlock& block, const Affine& affine, const Body& body) {
  int64_t offset = 0, at = block.first;
  for (int64_t row = 0; row < block.rows; ++row) {
    const Affine own = affine.From(at);
    body(row, offset, RowParameters<kAffine>{own.gamma, own.beta}, at);
    offset += block.stride;
    at = (at + block.stride) % block.period;
  }
}

template <bool kAffine, bool kRelu>
HWY_INLINE void Apply(const float* x, float* y, const RowBlock& block, const Coefficients& sets,
                      const Affine& affine) {
  ForRows<kAffine>(
      block, affine, [&](int64_t set, int64_t offset, const auto& row, int64_t) HWY_ATTR {
        const RowLine line = RowLine::Of(sets, set);
        const float* from = x + offset;
        float* to = y + offset;
        ForOutput(D(), static_cast<size_t>(block.length), to, block.stream,
                  [=](D d, size_t i, const auto& access) HWY_ATTR {
                    const V z =
                        row.Apply(d, i, access, line.Normalize(d, access.Load(d, from + i, 0)));
                    access.Write(d, kRelu ? Relu(z, z) : z, to + i);
                  });
      });
}

// Calls kernel(affine, relu) with the two as std::bool_constant.
template <class Kernel>
HWY_INLINE void ByForm(const Affine& affine, const Kernel& kernel) {
  if (affine.gamma != nullptr && affine.beta != nullptr) {
    affine.relu ? kernel(std::true_type(), std::true_type())
                : kernel(std::true_type(), std::false_type());
  } else {
    affine.relu ? kernel(std::false_type(), std::true_type())
                : kernel(std::false_type(), std::false_type());
  }
}

void ApplyRows(const float* x, float* y, const RowBlock& block, const Coefficients& sets,
               const Affine& affine) {
  ByForm(affine, [&](auto has, auto relu) HWY_ATTR {
    Apply<decltype(has)::value, decltype(relu)::value>(x, y, block, sets, affine);
  });
}

template <bool kAffine, bool kRelu>
struct RowTerm {
  const float* x;
  const float* dy;
  RowLine line;
  RowParameters<kAffine> row;
  template <class Access>
  HWY_INLINE void operator()(D d, size_t i, const Access& access, V& s, V& q, bool /*odd*/) const {
    const V normalized = line.Normalize(d, access.Load(d, x + i, line.mean_hi));
    V g = access.Load(d, dy + i, 0);
    if constexpr (kRelu) g = Relu(row.Apply(d, i, access, normalized), g);
    g = row.Weigh(d, i, access, g);
    s = hn::Add(s, g);
    q = hn::MulAdd(g, normalized, q);
  }
};

template <bool kAffine, bool kRelu>
HWY_INLINE void SumRowsOf(const float* x, const float* dy, const RowBlock& block,
                          const Coefficients& sets, const Affine& affine, GradientSums* sums) {
  const auto n = static_cast<size_t>(block.length);
  ForRows<kAffine>(
      block, affine, [&](int64_t set, int64_t offset, const auto& row, int64_t) HWY_ATTR {
        const RowTerm<kAffine, kRelu> term{x + offset, dy + offset, RowLine::Of(sets, set), row};
        const Sums found = SumRows(D(), term, 1, 0, n);
        sums[set] = {found.first, found.second};
      });
}

void SumRowBlock(const float* x, const float* dy, const RowBlock& block, const Coefficients& sets,
                 const Affine& affine, GradientSums* sums) {
  ByForm(affine, [&](auto has, auto relu) HWY_ATTR {
    SumRowsOf<decltype(has)::value, decltype(relu)::value>(x, dy, block, sets, affine, sums);
  });
}

// What one row of a group needs.
struct RowGradient {
  RowLine line;
  float t, q;
  const float* x;
  const float* dy;
  float* dx;
};

// kRows rows with the same gammas: they read and write the sums of the parameters' gradients once
// (one row at a time, two of three stores were those: 1.6 times as long at [4096, 768]).
template <bool kAffine, bool kRelu, size_t kRows>
HWY_INLINE void BackwardGroup(const RowGradient* rows, size_t n, bool stream,
                              const RowParameters<kAffine>& row, float* dgamma, float* dbeta) {
  ForOutput(D(), n, rows[0].dx, stream, [&](D d, size_t i, const auto& access) HWY_ATTR {
    V sum_gamma = hn::Zero(d), sum_beta = sum_gamma;
    if constexpr (kAffine) {
      sum_gamma = access.Load(d, dgamma + i, 0);
      sum_beta = access.Load(d, dbeta + i, 0);
    }
    for (size_t r = 0; r < kRows; ++r) {
      const RowGradient& own = rows[r];
      const V normalized = own.line.Normalize(d, access.Load(d, own.x + i, 0));
      V g = access.Load(d, own.dy + i, 0);
      if constexpr (kRelu) g = Relu(row.Apply(d, i, access, normalized), g);
      if constexpr (kAffine) {
        sum_gamma = hn::MulAdd(g, normalized, sum_gamma);
        sum_beta = hn::Add(sum_beta, g);
      }
      const V centered = hn::Sub(row.Weigh(d, i, access, g), hn::Set(d, own.t));
      const V sum = hn::NegMulAdd(hn::Set(d, own.q), normalized, centered);
      access.Write(d, hn::Mul(hn::Set(d, own.line.scale), sum), own.dx + i);
    }
    if constexpr (kAffine) {
      access.Store(d, sum_gamma, dgamma + i);
      access.Store(d, sum_beta, dbeta + i);
    }
  });
}

template <bool kAffine, bool kRelu>
HWY_INLINE void Backward(const float* x, const float* dy, float* dx, const RowBlock& block,
                         const Coefficients& sets, const Affine& affine, float* dgamma,
                         float* dbeta) {
  const auto n = static_cast<size_t>(block.length);
  // Rows of a group have the same gammas, and where they stream the same place in a line.
  const bool together =
      block.stride % block.period == 0 && (!block.stream || block.stride % 16 == 0);
  RowGradient group[kRowGroup];
  int64_t at = block.first;
  for (int64_t row = 0; row < block.rows;) {
    const int64_t count = together && row + kRowGroup <= block.rows ? kRowGroup : 1;
    for (int64_t r = 0; r < count; ++r) {
      const int64_t set = row + r, offset = set * block.stride;
      group[r] = {
          RowLine::Of(sets, set), sets.t[set], sets.q[set], x + offset, dy + offset, dx + offset};
    }
    const Affine own = affine.From(at);
    const RowParameters<kAffine> parameters{own.gamma, own.beta};
    float* gammas = kAffine ? dgamma + at : nullptr;
    float* betas = kAffine ? dbeta + at : nullptr;
    if (count == kRowGroup) {
      BackwardGroup<kAffine, kRelu, kRowGroup>(group, n, block.stream, parameters, gammas, betas);
    } else {
      BackwardGroup<kAffine, kRelu, 1>(group, n, block.stream, parameters, gammas, betas);
    }
    row += count;
    at = (at + count * block.stride) % block.period;
  }
}

void BackwardRows(const float* x, const float* dy, float* dx, const RowBlock& block,
                  const Coefficients& sets, const Affine& affine, float* dgamma, float* dbeta) {
  ByForm(affine, [&](auto has, auto relu) HWY_ATTR {
    Backward<decltype(has)::value, decltype(relu)::value>(x, dy, dx, block, sets, affine, dgamma,
                                                          dbeta);
  });
}

void Drain(float* part, int64_t n, double* sum) {
  for (int64_t j = 0; j < n; ++j) {
    sum[j] += static_cast<double>(part[j]);
    part[j] = 0;
  }
}

void AddSums(const double* sum, int64_t n, float* gradient) {
  for (int64_t j = 0; j < n; ++j) gradient[j] += static_cast<float>(sum[j]);
}

}  // namespace normsweep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace normsweep::kernels {

HWY_EXPORT(ApplyRows);
HWY_EXPORT(SumRowBlock);
HWY_EXPORT(BackwardRows);
HWY_EXPORT(Drain);
HWY_EXPORT(AddSums);

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

void AddSums(const double* sum, int64_t n, float* gradient) {
  HWY_DYNAMIC_DISPATCH(AddSums)(sum, n, gradient);
}

void Drain(float* part, int64_t n, double* sum) { HWY_DYNAMIC_DISPATCH(Drain)(part, n, sum); }

}  // namespace normsweep::kernels
#endif
