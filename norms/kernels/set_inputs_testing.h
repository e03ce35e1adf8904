// Coefficients of sets and parameters of channels with values that hide no mistake: a mean_lo as
// large as a shift, where real ones are 1e-8 of the mean, and no scale or gamma of 1.
#pragma once

#include "norms/kernels/coefficients.h"
#include "norms/kernels/kernel_testing.h"

namespace normsweep::kernels::testing {

struct SetInputs {
  Input<float> mean_hi, mean_lo, scale, shift, t, q;

  SetInputs(int64_t sets, int64_t misaligned)
      : mean_hi(sets, misaligned, 3, 0.3),
        mean_lo(sets, (misaligned + 1) % 4, 0.1, 0.2),
        scale(sets, (misaligned + 2) % 4, 1.5, 0.3),
        shift(sets, (misaligned + 3) % 4, 0.3, 0.5),
        t(sets, misaligned, 0.2, 0.4),
        q(sets, (misaligned + 1) % 4, 0.3, 0.4) {}
  Coefficients View() const {
    return {mean_hi.data(), mean_lo.data(), scale.data(), shift.data(), t.data(), q.data()};
  }
  // coefficients.h: e and e scale
  Tracked E(int64_t set, double x) const {
    return Tracked(x) - Tracked(mean_hi[set]) - Tracked(mean_lo[set]);
  }
  Tracked Unshifted(int64_t set, double x) const { return E(set, x) * Tracked(scale[set]); }
  Tracked Normalized(int64_t set, double x) const {
    return Unshifted(set, x) + Tracked(shift[set]);
  }
  // scale ((g - t) - q x^)
  Tracked Dx(int64_t set, const Tracked& g, const Tracked& normalized) const {
    return Tracked(scale[set]) * ((g - Tracked(t[set])) - Tracked(q[set]) * normalized);
  }
};

// Whether there is a gamma, a beta and a relu.
struct AffineForm {
  bool gamma, beta, relu;
};

struct AffineInputs {
  Input<float> gamma, beta;
  AffineForm form;

  AffineInputs(int64_t n, int64_t misaligned, const AffineForm& of)
      : gamma(n, misaligned, 0.3, 1.1), beta(n, (misaligned + 2) % 4, -0.2, 0.7), form(of) {}
  Affine View() const {
    return {form.gamma ? gamma.data() : nullptr, form.beta ? beta.data() : nullptr, form.relu};
  }
  Tracked Gamma(int64_t i) const { return form.gamma ? Tracked(gamma[i]) : Tracked(1); }
  Tracked Beta(int64_t i) const { return form.beta ? Tracked(beta[i]) : Tracked(0); }
  Tracked Y(int64_t i, const Tracked& normalized) const { return normalized * Gamma(i) + Beta(i); }
  Tracked Gradient(const Tracked& y, double dy) const {
    return form.relu ? Masked(y, dy) : Tracked(dy);
  }
};

}  // namespace normsweep::kernels::testing
