// Batch norm of small planes in channels_first. A plane of 7x7 is three vectors and a rest of one
// value, so that loops over planes spend their time on ends. A strip of neighbouring channels is a
// run of values in each sample instead, and the samples are rows above each other: coefficients are
// spread out to one an element, and the loops are those of columns.
#pragma once

#include <cstdint>
#include <vector>

#include "norms/engine.h"
#include "norms/kernels/column_kernels.h"

namespace normsweep {

class PlaneStrips {
 public:
  // Worth it for planes shorter than 16 vectors of AVX-512, and enough samples to pay for spreading
  // the coefficients.
  static bool Suit(const Shape& shape, const Partition& partition) {
    return shape.s < 256 && shape.n / partition.sub_batches >= 8;
  }
  // For the calls to come, with at most `threads` threads. Channels of a strip: 1024 values, so that
  // six coefficients of each element stay in the first-level cache.
  void Plan(const Shape& shape, const Partition& partition, int64_t threads);
  int64_t channels() const { return channels_; }

  struct Channels {
    int64_t first;
    int64_t last;  // at most channels() more
  };
  // Moments of these channels' sets into arrays->mean and variance.
  void Measure(const float* x, Channels channels, SetArrays* arrays);
  void Apply(const float* x, float* y, Channels channels, const SetArrays& arrays,
             const Affine& affine, bool stream);
  // sum(dy) and sum(dy x^) into arrays->g and gx.
  void Sum(const float* x, const float* dy, Channels channels, const Affine& affine,
           SetArrays* arrays);
  void Backward(const float* x, const float* dy, float* dx, Channels channels,
                const SetArrays& arrays, const Affine& affine, bool stream);

 private:
  // Of one thread: element by element, and the sums of each channel.
  struct Work {
    std::vector<float> mean_hi, a, b, scale, gamma, t, q, first, second;
    std::vector<double> sum, square;

    kernels::ColumnCoefficients View() const {
      return {mean_hi.data(), a.data(), b.data(), scale.data(), gamma.data(), t.data(), q.data()};
    }
  };
  Work* Own();
  void SpreadLines(Work* work, Channels channels, int64_t part, const SetArrays& arrays,
                   const Affine& affine, bool slopes) const;
  void SpreadScales(Work* work, Channels channels, int64_t part, const SetArrays& arrays) const;
  void SpreadGradients(Work* work, Channels channels, int64_t part, const SetArrays& arrays,
                       const Affine& affine) const;
  kernels::ColumnBlock Block(Channels channels, const Affine& affine, bool stream) const {
    return {Rows(), (channels.last - channels.first) * shape_.s, parts_ * shape_.c * shape_.s,
            affine.relu, stream};
  }
  int64_t Rows() const { return shape_.n / parts_; }
  int64_t Start(Channels channels, int64_t part) const {
    return (part * shape_.c + channels.first) * shape_.s;
  }

  Shape shape_;
  int64_t parts_ = 1;
  int64_t channels_ = 1;
  std::vector<Work> work_;
};

}  // namespace normsweep
