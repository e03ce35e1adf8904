// What a set's values are multiplied with and shifted by.
#pragma once

namespace normsweep {

// e = (x - mean_hi) - mean_lo;   x^ = e * scale + shift;   y = x^ gamma + beta.
// Not a x + b: at mean 1e4 and deviation 1 that costs 8e-4 in y, a mean in one float 4e-4, and the
// mean in two floats 3e-7.
struct SetCoefficients {
  float mean_hi = 0;
  float mean_lo = 0;
  float scale = 1;
  float shift = 0;

  static SetCoefficients From(double mean, double scale, double shift) {
    const auto hi = static_cast<float>(mean);
    return {hi, static_cast<float>(mean - static_cast<double>(hi)), static_cast<float>(scale),
            static_cast<float>(shift)};
  }
};

// dx = p ((g - t) - q (e k)), g = dy gamma. With k apart from q no product leaves float32's range:
// folded into one factor of e it would be k^3 sum(g e) / m, 1e40 for values of 1e-20 and eps 0.
struct SetGradients {
  float p = 1;
  float t = 0;
  float q = 0;
  float k = 1;
};

// Of a tile or a set: sum(g) and sum(g e).
struct GradientSums {
  double g = 0;
  double ge = 0;

  GradientSums& operator+=(const GradientSums& other) {
    g += other.g;
    ge += other.ge;
    return *this;
  }
};

}  // namespace normsweep
