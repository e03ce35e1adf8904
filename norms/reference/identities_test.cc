// What must hold between normalizers, whatever their formulas look like.
#include <cmath>

#include "norms/batch/batch_norm.h"
#include "norms/batch_renorm/batch_renorm_norm.h"
#include "norms/group/group_norm.h"
#include "norms/instance/instance_norm.h"
#include "norms/layer/layer_norm.h"
#include "norms/testing/float64.h"

namespace normsweep::testing {
namespace {

// The same y, dx and parameter gradients, from the same parameters.
void CheckSame(Normalizer* a, Normalizer* b, Mode mode, const Shape& shape) {
  INFO(a->Info().label << " and " << b->Info().label << " " << shape.ToString());
  FillParameters(a, 11);
  FillParameters(b, 11);
  for (Normalizer* normalizer : {a, b}) {
    for (const Parameter& p : normalizer->Parameters()) {
      std::ranges::fill(p.gradient.Span<double>(), 0);
    }
  }
  const Values x = Gaussian(shape.Elements(), 1, 3, 2), dy = Gaussian(shape.Elements(), 2);
  CheckClose(Forward(a, mode, shape, x), Forward(b, mode, shape, x), 1e-13);
  CheckClose(Backward(a, shape, x, dy), Backward(b, shape, x, dy), 1e-13);
  REQUIRE(a->Parameters().size() == b->Parameters().size());
  for (const Parameter& p : a->Parameters()) {
    const auto other = GradientOf(b, p.name);
    CheckClose(p.gradient.Span<double>(), {other.begin(), other.end()}, 1e-13);
  }
}

TEST_CASE("identities: group(1) = layer, group(C) = instance, batch at N = 1 = instance") {
  for (const Layout layout : kLayouts) {
    for (const int64_t n : {1, 2, 3}) {
      const Shape shape{n, 5, 7, layout};
      for (const Mode mode : kModes) {
        const auto group1 = Make(MakeGroupNormReference, {{"groups", 1}}, shape);
        const auto layer = Make(MakeLayerNormReference, {{"affine", "channel"}}, shape);
        CheckSame(group1.get(), layer.get(), mode, shape);
        const auto group_c = Make(MakeGroupNormReference, {{"groups", 5}}, shape);
        const auto instance = Make(MakeInstanceNormReference, {}, shape);
        CheckSame(group_c.get(), instance.get(), mode, shape);
        if (n != 1) continue;
        const auto batch = Make(MakeBatchNormReference, {{"track_running_stats", false}}, shape);
        CheckSame(batch.get(), instance.get(), mode, shape);
      }
    }
    // A channel a value: element and channel are the same.
    const Shape flat{2, 7, 1, layout};
    const auto element = Make(MakeLayerNormReference, {}, flat);
    const auto channel = Make(MakeLayerNormReference, {{"affine", "channel"}}, flat);
    CheckSame(element.get(), channel.get(), Mode::kTrain, flat);
  }
}

TEST_CASE("identities: batch of single samples as ghost batches = instance") {
  for (const Layout layout : kLayouts) {
    const Shape shape{3, 2, 5, layout};
    const auto ghost = Make(MakeBatchNormReference, {{"normalization_batch_size", 1}}, shape);
    const auto instance = Make(MakeInstanceNormReference, {{"track_running_stats", true}}, shape);
    CheckSame(ghost.get(), instance.get(), Mode::kTrain, shape);
    for (const char* buffer : {"running_mean", "running_var"}) {
      const auto other = BufferOf(instance.get(), buffer);
      CheckClose(BufferOf(ghost.get(), buffer), {other.begin(), other.end()});
    }
  }
}

TEST_CASE("identities: batch_renorm(r_max 1, d_max 0) = batch") {
  for (const Layout layout : kLayouts) {
    for (const auto& [n, b] : {std::pair{1, 1}, {2, 2}, {5, 5}, {6, 2}}) {
      const Shape shape{n, 3, 3, layout};
      const nlohmann::json ghost = {{"normalization_batch_size", b}};
      nlohmann::json closed = ghost;
      closed.update({{"r_max", 1}, {"d_max", 0}});
      for (const Mode mode : {Mode::kTrain, Mode::kBatchStatistics}) {
        const auto renorm = Make(MakeBatchRenormReference, closed, shape);
        const auto batch = Make(MakeBatchNormReference, ghost, shape);
        CheckSame(renorm.get(), batch.get(), mode, shape);
      }
    }
  }
}

TEST_CASE("identities: gamma = sqrt(var + eps) and beta = mean undo batch norm") {
  for (const Layout layout : kLayouts) {
    const Shape shape{2, 3, 5, layout};
    const auto batch = Make(MakeBatchNormReference, {}, shape);
    const Values x = Gaussian(shape.Elements(), 1, 3, 2);
    Forward(batch.get(), Mode::kTrain, shape, x);
    for (size_t c = 0; c < 3; ++c) {
      ParameterOf(batch.get(), "gamma")[c] = std::sqrt(batch->Statistics().variance[c] + 1e-5);
      ParameterOf(batch.get(), "beta")[c] = batch->Statistics().mean[c];
    }
    CheckClose(Forward(batch.get(), Mode::kTrain, shape, x), x);
  }
}

const std::pair<Factory, nlohmann::json> kOfSamples[] = {
    {MakeBatchNormReference, {{"eps", 0}}},
    {MakeBatchRenormReference, {{"eps", 0}, {"r_max", 1}, {"d_max", 0}}},
    {MakeLayerNormReference, {{"eps", 0}, {"affine", "channel"}}},
    {MakeInstanceNormReference, {{"eps", 0}}},
    {MakeGroupNormReference, {{"eps", 0}, {"groups", 2}}}};

TEST_CASE("identities: a x + b in gives the same out") {
  for (const Layout layout : kLayouts) {
    for (const auto& [factory, options] : kOfSamples) {
      const Shape shape{2, 4, 3, layout};
      const auto normalizer = Make(factory, options, shape);
      FillParameters(normalizer.get(), 2);
      const Values x = Gaussian(shape.Elements(), 1);
      Values scaled = x;
      for (double& value : scaled) value = 3 * value + 20;
      CheckClose(Forward(normalizer.get(), Mode::kTrain, shape, scaled),
                 Forward(normalizer.get(), Mode::kTrain, shape, x), 1e-13);
    }
  }
}

TEST_CASE("identities: permuting samples permutes outputs and gradients") {
  for (const Layout layout : kLayouts) {
    for (const auto& [factory, options] : kOfSamples) {
      const Shape shape{3, 4, 3, layout};
      const auto normalizer = Make(factory, options, shape);
      FillParameters(normalizer.get(), 2);
      const Values x = Gaussian(36, 1), dy = Gaussian(36, 2);
      const auto rotated = [](Values values) {  // samples 0 1 2 become 1 2 0
        std::rotate(values.begin(), values.begin() + 12, values.end());
        return values;
      };
      const Values y = Forward(normalizer.get(), Mode::kTrain, shape, x);
      const Values dx = Backward(normalizer.get(), shape, x, dy);
      CheckClose(Forward(normalizer.get(), Mode::kTrain, shape, rotated(x)), rotated(y));
      CheckClose(Backward(normalizer.get(), shape, rotated(x), rotated(dy)), rotated(dx));
    }
  }
}

TEST_CASE("identities: a ghost batch = plain batch norm on every W-th sample") {
  for (const Layout layout : kLayouts) {
    for (const auto& sizes : {std::pair{6, 2}, {6, 3}, {3, 1}, {4, 4}}) {
      const int n = sizes.first, b = sizes.second;
      const size_t sub_batches = static_cast<size_t>(n / b), plane = 2 * 3;
      const Shape shape{n, 2, 3, layout}, part{b, 2, 3, layout};
      const auto ghost = Make(MakeBatchNormReference, {{"normalization_batch_size", b}}, shape);
      const auto plain = Make(MakeBatchNormReference, {}, part);
      FillParameters(ghost.get(), 2);
      FillParameters(plain.get(), 2);
      const Values x = Gaussian(shape.Elements(), 1), dy = Gaussian(shape.Elements(), 2);
      const Values y = Forward(ghost.get(), Mode::kTrain, shape, x);
      const Values dx = Backward(ghost.get(), shape, x, dy);
      for (size_t w = 0; w < sub_batches; ++w) {
        const auto taken = [&](const Values& values) {
          Values some;
          for (size_t i = w; i < static_cast<size_t>(n); i += sub_batches) {
            some.insert(some.end(), values.begin() + static_cast<std::ptrdiff_t>(i * plane),
                        values.begin() + static_cast<std::ptrdiff_t>((i + 1) * plane));
          }
          return some;
        };
        CheckClose(Forward(plain.get(), Mode::kTrain, part, taken(x)), taken(y));
        CheckClose(Backward(plain.get(), part, taken(x), taken(dy)), taken(dx));
      }
      const auto gradient = GradientOf(plain.get(), "gamma");
      CheckClose(GradientOf(ghost.get(), "gamma"), {gradient.begin(), gradient.end()}, 1e-13);
    }
  }
}

TEST_CASE("identities: both layouts hold the same numbers") {
  for (const auto& [factory, options] : kOfSamples) {
    const Shape first{2, 4, 3}, last{2, 4, 3, Layout::kChannelsLast};
    const auto a = Make(factory, options, first), b = Make(factory, options, last);
    FillParameters(a.get(), 2);
    FillParameters(b.get(), 2);
    const Values x = Gaussian(24, 1), dy = Gaussian(24, 2);
    const Values y = Forward(a.get(), Mode::kTrain, first, x), dx = Backward(a.get(), first, x, dy);
    CheckClose(Forward(b.get(), Mode::kTrain, last, InLayout(x, last)), InLayout(y, last));
    CheckClose(Backward(b.get(), last, InLayout(x, last), InLayout(dy, last)), InLayout(dx, last));
  }
}

}  // namespace
}  // namespace normsweep::testing
