// Random calls of a normalizer, for properties: any row of the registry, shape, layout, options,
// mode, thread count and data that it allows.
#pragma once

#include <omp.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include "norms/random.h"
#include "norms/registry.h"

namespace normsweep::testing {

enum class Fill { kGaussian, kOutlier, kConstant, kSparse };

struct RandomCase {
  NormalizerSpec spec;
  Shape shape;
  Mode mode = Mode::kTrain;
  int threads = 1;
  Fill fill = Fill::kGaussian;
  double ratio = 0;  // mean over deviation
  double scale = 1;  // the deviation
  uint64_t seed = 0;
};

inline std::ostream& operator<<(std::ostream& out, const RandomCase& one) {
  constexpr const char* kFillNames[] = {"gaussian", "outlier", "constant", "sparse"};
  return out << one.spec.name << " " << one.spec.backend << " " << one.spec.options.dump() << " "
             << one.shape.ToString() << " " << Name(one.mode) << ", " << one.threads << " threads, "
             << kFillNames[static_cast<size_t>(one.fill)] << " with mean / deviation " << one.ratio
             << ", deviation " << one.scale << ", seed " << one.seed;
}

// float32 numbers of the case's kind; another stream is another tensor.
inline std::vector<float> Draw(const RandomCase& one, uint64_t stream) {
  Random random(one.seed, stream);
  std::vector<float> values(static_cast<size_t>(one.shape.Elements()));
  for (float& value : values) {
    const double g = one.fill == Fill::kConstant ? 0.5 : random.Gaussian();
    const bool zero = one.fill == Fill::kSparse && random.Below(4) != 0;
    value = zero ? 0 : static_cast<float>(one.scale * (one.ratio + g));
  }
  if (one.fill == Fill::kOutlier) values[random.Below(values.size())] *= 1e4F;
  return values;
}

// 1 to 2^bits, small ones as often as large ones: 1, 2, odd, even and prime all come up.
inline int64_t Size(int bits) {
  const auto most = int64_t{1} << *rc::gen::inRange(0, bits + 1);
  return *rc::gen::inRange<int64_t>(1, most + 1);
}

inline int64_t DivisorOf(int64_t number) {
  std::vector<int64_t> divisors;
  for (int64_t d = 1; d <= number; ++d) {
    if (number % d == 0) divisors.push_back(d);
  }
  return divisors[*rc::gen::inRange<size_t>(0, divisors.size())];
}

// Values of the smallest set.
inline int64_t SetSize(const NormalizerSpec& spec, const Shape& shape) {
  const auto option = [&](const char* name, int64_t otherwise) {
    return spec.options.value(name, otherwise);
  };
  if (spec.name == "instance") return shape.s;
  if (spec.name == "group") return shape.c / option("groups", 1) * shape.s;
  if (spec.name == "layer") return shape.c * shape.s;
  return option("normalization_batch_size", shape.n) * shape.s;
}

// Sets spec.options[name] to one of the values, or leaves it out.
inline void Maybe(NormalizerSpec* spec, const char* name,
                  const std::vector<nlohmann::json>& values) {
  const size_t at = *rc::gen::inRange<size_t>(0, values.size() + 1);
  if (at > 0) spec->options[name] = values[at - 1];
}

// Batch renorm's d is a mean in running deviations, so that one that is off by u of the batch's own
// shows in y as often as the running ones lag: 13 u at a thousandfold, against 8 u allowed. Its
// averages therefore take in at least a hundredth of each batch here.
inline void AddAverageOptions(NormalizerSpec* spec) {
  const bool slow = spec->name != "batch_renorm";
  if (*rc::gen::inRange(0, 3) == 2) {
    std::vector<nlohmann::json> horizons = {64, 0.5};
    if (slow) horizons.emplace_back(1e4);
    Maybe(spec, "horizon", horizons);
  } else {
    if (slow) {
      Maybe(spec, "momentum", {0.1, nullptr, 0.99, 0, 1});
    } else {
      Maybe(spec, "momentum", {0.1, nullptr, 0.99});
    }
    Maybe(spec, "momentum_weights", {"new", "old"});
  }
}

inline void AddBatchOptions(NormalizerSpec* spec, const Shape& shape) {
  Maybe(spec, "dialect", {"pytorch", "keras", "tf_fused", "flax", "paper"});
  Maybe(spec, "affine", {true, false});
  AddAverageOptions(spec);
  if (*rc::gen::arbitrary<bool>()) spec->options["normalization_batch_size"] = DivisorOf(shape.n);
  if (spec->name == "batch") {
    Maybe(spec, "running_variance", {"unbiased", "biased"});
    Maybe(spec, "track_running_stats", {true, false});
    if (*rc::gen::inRange(0, 8) == 7) spec->options["center_only"] = true;
    return;
  }
  Maybe(spec, "r_max", {3, 1, 1.5, 50});
  Maybe(spec, "d_max", {5, 0, 0.25, 50});
  Maybe(spec, "warmup_steps", {0, 1, 2});
  Maybe(spec, "ramp_steps", {0, 1, 3});
}

inline void AddOptions(NormalizerSpec* spec, const Shape& shape, double ratio) {
  const std::string& name = spec->name;
  if (name == "spectral") return Maybe(spec, "power_iterations", {1, 2, 3});
  if (name == "weight") return Maybe(spec, "eps", {0, 1e-12, 0.1});
  Maybe(spec, "activation", {"none", "relu"});
  if (name == "none") return;
  if (name == "batch" || name == "batch_renorm") AddBatchOptions(spec, shape);
  if (name == "layer") Maybe(spec, "affine", {"element", "channel", "none"});
  if (name == "group" || name == "instance") Maybe(spec, "affine", {true, false});
  if (name == "group") spec->options["groups"] = DivisorOf(shape.c);
  if (name == "instance") {
    Maybe(spec, "track_running_stats", {true, false});
    AddAverageOptions(spec);
  }
  // Without eps a set whose values are all alike has no result, and few values, or many far from
  // zero, may be alike in float32.
  std::vector<nlohmann::json> eps = {1e-3, 0.5, 1e-5, 1e-12};
  if (SetSize(*spec, shape) >= 8 && std::abs(ratio) <= 100) eps.emplace_back(0);
  Maybe(spec, "eps", eps);
}

// Cases of one row of the registry, of at most 40,000 elements: parallel.h takes more than one
// thread from 12 Ki on.
inline rc::Gen<RandomCase> CasesOf(const RegistryRow& row) {
  constexpr int64_t kMost = 40'000;
  return rc::gen::exec([row] {
    RandomCase one;
    one.spec.name = row.name;
    one.spec.backend = row.backend;
    one.shape.n = Size(6);
    one.shape.c = std::min(Size(9), kMost / one.shape.n);
    one.shape.s = std::min(Size(13), kMost / (one.shape.n * one.shape.c));
    one.shape.layout = *rc::gen::element(Layout::kChannelsFirst, Layout::kChannelsLast);
    one.mode = *rc::gen::element(Mode::kTrain, Mode::kBatchStatistics, Mode::kEval);
    one.threads = *rc::gen::inRange(1, 5);
    // tolerance.h takes a peer's float32 sums for sums of values that scatter, and its mean's error
    // for one in deviations whose square does not count: not so where most values are alike, where
    // eps is most of the variance, or for a mean of 1e6 deviations.
    const bool own = std::string(row.backend) == "native";
    one.ratio = own ? *rc::gen::element(0.0, 1.0, -3.0, 100.0, 1e4, -1e6)
                    : *rc::gen::element(0.0, 1.0, -3.0, 100.0, 1e4);
    one.scale = own || one.ratio == 0 ? *rc::gen::element(1.0, 1e-3, 1e3, 1e-9, 1e9)
                                      : *rc::gen::element(1.0, 1e3, 1e9);
    AddOptions(&one.spec, one.shape, one.ratio);
    const bool needs_spread = one.spec.options.value("eps", 1.0) == 0 && one.spec.name != "weight";
    // Of mostly zeros a weight may have nothing in common with u: y beyond float32.
    const bool takes_any = own && !needs_spread && one.spec.name != "spectral";
    if (takes_any) {
      one.fill = *rc::gen::element(Fill::kGaussian, Fill::kOutlier, Fill::kConstant, Fill::kSparse);
    }
    one.seed = *rc::gen::noShrink(rc::gen::inRange<uint64_t>(0, 1'000'000));
    return one;
  });
}

// OpenMP's threads of this thread's calls, as they were when it ends.
class ThreadsInForce {
 public:
  explicit ThreadsInForce(int threads) : before_(omp_get_max_threads()) {
    omp_set_num_threads(threads);
  }
  ~ThreadsInForce() { omp_set_num_threads(before_); }
  ThreadsInForce(const ThreadsInForce&) = delete;
  ThreadsInForce& operator=(const ThreadsInForce&) = delete;

 private:
  int before_;
};

}  // namespace normsweep::testing
