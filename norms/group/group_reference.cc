// The float64 reference of group_norm.h, from arXiv 1803.08494, equations 1 to 3, 6 and 7. Moments
// n * G + g are those of group g of sample n.
#include <cmath>

#include "norms/errors.h"
#include "norms/group/group_norm.h"
#include "norms/reference/reference.h"

namespace normsweep {
namespace {

using reference::Moments;
using reference::Offset;
using reference::Trained;

class GroupNormReference final : public reference::ReferenceNormalizer {
 public:
  GroupNormReference(const GroupNormOptions& options, nlohmann::json resolved, const Shape& shape)
      : ReferenceNormalizer("group", "group(" + std::to_string(options.groups) + ")",
                            Target::kActivation, std::move(resolved), shape, options.activation),
        options_(options) {
    if (!options.affine) return;
    gamma_ = NewParameter("gamma", {1, shape.c, 1, shape.layout}, 1);
    beta_ = NewParameter("beta", {1, shape.c, 1, shape.layout}, 0);
  }

 protected:
  void CheckForward(Mode mode, const Shape& x) const override {
    if (mode == Mode::kTrain && x.c / options_.groups * x.s == 1) {
      throw ShapeError(Info().label + ": x has shape " + x.ToString() +
                       ", one value a group, expected C / groups * S of 2 or more in training");
    }
  }

  void DoForward(Mode /*mode*/, ConstTensorView x_view, TensorView y_view) override {
    const double* x = x_view.As<double>();
    double* y = y_view.As<double>();
    groups_.clear();
    for (int64_t n = 0; n < shape().n; ++n) {
      for (int64_t g = 0; g < options_.groups; ++g) {
        std::vector<double> values;
        ForEach(n, g, [&](int64_t i, int64_t /*c*/) { values.push_back(x[i]); });
        const Moments& group = groups_.emplace_back(reference::TwoPass(values));
        const long double sigma = std::sqrt(group.variance + options_.eps);
        ForEach(n, g, [&](int64_t i, int64_t c) {
          y[i] = Activate(i, gamma_.At(c, 1) * (x[i] - group.mean) / sigma + beta_.At(c, 0));
        });
      }
    }
    Measured(ChannelsOfGroup() * shape().s, groups_);
  }

  // The channels of a group share the mean and the variance but not gamma, so gamma stands inside
  // the sums over the group (outside of them it is the bug of oneDNN #3543). With
  // k = (variance + eps)^(-1/2): y_i = gamma_c (x_i - mean) k + beta_c,
  //   dL/dk    = sum(dL/dy_i gamma_c (x_i - mean))        dk/dx_i = -k^3 (x_i - mean) / m
  //   dL/dmean = -k sum(dL/dy_i gamma_c)                  dmean/dx_i = 1 / m
  void DoBackward(Mode /*mode*/, ConstTensorView x_view, ConstTensorView dy_view,
                  TensorView dx_view) override {
    const double* x = x_view.As<double>();
    const std::vector<double> dz = BackThroughActivation(dy_view);
    const double* dy = dz.data();
    double* dx = dx_view.As<double>();
    const auto m = static_cast<long double>(ChannelsOfGroup() * shape().s);
    AccumulateParameters(x, dy);
    for (int64_t n = 0; n < shape().n; ++n) {
      for (int64_t g = 0; g < options_.groups; ++g) {
        const Moments& group = groups_[static_cast<size_t>(n * options_.groups + g)];
        const long double k = 1 / std::sqrt(group.variance + options_.eps);
        long double d_k = 0, d_mean = 0;
        ForEach(n, g, [&](int64_t i, int64_t c) {
          const long double deviation = x[i] - group.mean;
          d_k += dy[i] * gamma_.At(c, 1) * deviation;
          d_mean -= dy[i] * gamma_.At(c, 1) * k;
        });
        ForEach(n, g, [&](int64_t i, int64_t c) {
          dx[i] = static_cast<double>(dy[i] * gamma_.At(c, 1) * k -
                                      d_k * k * k * k * (x[i] - group.mean) / m + d_mean / m);
        });
      }
    }
  }

 private:
  int64_t ChannelsOfGroup() const { return shape().c / options_.groups; }

  void AccumulateParameters(const double* x, const double* dy) const {
    for (int64_t c = 0; c < shape().c; ++c) {
      long double d_gamma = 0, d_beta = 0;
      for (int64_t n = 0; n < shape().n; ++n) {
        const Moments& group =
            groups_[static_cast<size_t>(n * options_.groups + c / ChannelsOfGroup())];
        for (int64_t s = 0; s < shape().s; ++s) {
          const int64_t i = Offset(shape(), n, c, s);
          d_gamma += dy[i] * (x[i] - group.mean) / std::sqrt(group.variance + options_.eps);
          d_beta += dy[i];
        }
      }
      gamma_.Accumulate(c, d_gamma);
      beta_.Accumulate(c, d_beta);
    }
  }

  // The elements of sample n whose channel c has floor(c / (C / G)) = g.
  template <class Visit>
  void ForEach(int64_t n, int64_t g, Visit visit) const {
    for (int64_t c = 0; c < shape().c; ++c) {
      if (c / ChannelsOfGroup() != g) continue;
      for (int64_t s = 0; s < shape().s; ++s) visit(Offset(shape(), n, c, s), c);
    }
  }

  GroupNormOptions options_;
  Trained gamma_, beta_;
  std::vector<Moments> groups_;  // of the last Forward
};

}  // namespace

std::unique_ptr<Normalizer> MakeGroupNormReference(const nlohmann::json& options,
                                                   const Shape& shape, std::string* /*why_not*/) {
  OptionReader reader(options);
  const GroupNormOptions read = ReadGroupNormOptions(&reader);
  CheckGroups(read.groups, shape.c);
  return std::make_unique<GroupNormReference>(read, reader.resolved(), shape);
}

}  // namespace normsweep
