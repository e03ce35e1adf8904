// What holds to the bit, on random calls: any number of threads, and in place or not. That the
// numbers are right is comparison_property_test's business (harness/experiments/check).
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "norms/errors.h"
#include "norms/testing/catch.h"
#include "norms/testing/property.h"
#include "norms/testing/random_case.h"

namespace normsweep {
namespace {

using testing::RandomCase;

std::vector<uint64_t> BitsOf(const std::vector<double>& values) {
  std::vector<uint64_t> bits(values.size());
  if (!values.empty()) std::memcpy(bits.data(), values.data(), 8 * values.size());
  return bits;
}

void Append(const TensorView& view, std::vector<double>* values) {
  for (int64_t i = 0; i < view.shape.Elements(); ++i) values->push_back(Get(view, i));
}

// What a call gave, or why it was refused.
struct Outcome {
  std::string refused;
  std::vector<double> values;
};

bool operator==(const Outcome& a, const Outcome& b) {
  return a.refused == b.refused && BitsOf(a.values) == BitsOf(b.values);
}

// A warm-up in kTrain and a call in the case's mode, forward and backward: all numbers that come out.
Outcome Call(const RandomCase& one, int threads) {
  const testing::ThreadsInForce in_force(threads);
  Outcome outcome;
  const Shape& shape = one.shape;
  const std::vector<float> x = testing::Draw(one, 0), dy = testing::Draw(one, 1);
  std::vector<float> y(x.size()), dx(x.size());
  const auto normalizer = Create(one.spec, shape);
  try {
    normalizer->Init({x.data(), shape}, 1);
    for (const Mode mode : {Mode::kTrain, one.mode}) {
      normalizer->Forward(mode, {x.data(), shape}, {y.data(), shape});
      normalizer->Backward({x.data(), shape}, {dy.data(), shape}, {dx.data(), shape});
    }
  } catch (const Error& error) {
    outcome.refused = error.what();
  }
  outcome.values.assign(y.begin(), y.end());
  outcome.values.insert(outcome.values.end(), dx.begin(), dx.end());
  for (const Parameter& parameter : normalizer->Parameters()) {
    Append(parameter.gradient, &outcome.values);
  }
  for (const Buffer& buffer : normalizer->Buffers()) Append(buffer.value, &outcome.values);
  if (!outcome.refused.empty()) return outcome;
  const SetStatistics statistics = normalizer->Statistics();
  for (const auto* of : {&statistics.mean, &statistics.variance, &statistics.r, &statistics.d}) {
    outcome.values.insert(outcome.values.end(), of->begin(), of->end());
  }
  return outcome;
}

TEST_CASE("random calls of native give the same bits for any number of threads") {
  for (const RegistryRow& row : Registry()) {
    if (std::string(row.backend) != "native") continue;
    testing::CheckProperty(row.name, 100, [&] {
      const RandomCase one = *testing::CasesOf(row);
      const int others = *rc::gen::inRange(2, 9);
      RC_LOG(std::to_string(others) + " threads and 1");
      RC_ASSERT((Call(one, others) == Call(one, 1)));
    });
  }
}

// y of a Forward of x, in place or not. Empty where it is refused.
std::vector<double> ForwardOf(const RandomCase& one, bool in_place) {
  const auto normalizer = Create(one.spec, one.shape);
  std::vector<float> x = testing::Draw(one, 0), y(x.size());
  float* out = in_place ? x.data() : y.data();
  try {
    normalizer->Init({x.data(), one.shape}, 1);
    normalizer->Forward(one.mode, {x.data(), one.shape}, {out, one.shape});
  } catch (const Error&) {
    return {};
  }
  return {out, out + x.size()};
}

// dx of the Backward after a Forward, over dy or not. Empty where Forward is refused.
std::vector<double> BackwardOf(const RandomCase& one, bool in_place) {
  const auto normalizer = Create(one.spec, one.shape);
  const std::vector<float> x = testing::Draw(one, 0);
  std::vector<float> dy = testing::Draw(one, 1), dx(x.size());
  float* out = in_place ? dy.data() : dx.data();
  try {
    normalizer->Init({x.data(), one.shape}, 1);
    normalizer->Forward(one.mode, {x.data(), one.shape}, {dx.data(), one.shape});
  } catch (const Error&) {
    return {};
  }
  normalizer->Backward({x.data(), one.shape}, {dy.data(), one.shape}, {out, one.shape});
  return {out, out + x.size()};
}

TEST_CASE("random calls in place give the same bits as out of place") {
  for (const RegistryRow& row : Registry()) {
    const std::string backend = row.backend;
    if (row.factory == nullptr || backend == "reference") continue;  // it takes float64
    testing::CheckProperty(row.name + (" " + backend), backend == "native" ? 100 : 50, [&] {
      const RandomCase one = *testing::CasesOf(row);
      const testing::ThreadsInForce threads(one.threads);
      if (Create(one.spec, one.shape) == nullptr) return;  // beyond the backend
      RC_ASSERT(BitsOf(ForwardOf(one, true)) == BitsOf(ForwardOf(one, false)));
      RC_ASSERT(BitsOf(BackwardOf(one, true)) == BitsOf(BackwardOf(one, false)));
    });
  }
}

// With which a shape must be refused, computed wider: an empty one, or bytes beyond 63 bits.
bool IsShape(const Shape& shape) {
  __extension__ using Wide = unsigned __int128;
  constexpr auto kMost = static_cast<Wide>(std::numeric_limits<int64_t>::max());
  Wide bytes = 8;
  for (const int64_t size : {shape.n, shape.c, shape.s}) {
    if (size < 1) return false;
    if (bytes > kMost) continue;  // it stays too large, and the product of the others may not fit
    bytes *= static_cast<Wide>(size);
  }
  return bytes <= kMost;
}

TEST_CASE("random sizes are a shape, or an error that shows them") {
  testing::CheckProperty("CheckShape", 2000, [] {
    Shape shape;
    for (int64_t* size : {&shape.n, &shape.c, &shape.s}) {
      *size = *rc::gen::oneOf(rc::gen::inRange<int64_t>(-2, 4), rc::gen::inRange<int64_t>(1, 5000),
                              rc::gen::inRange<int64_t>(1, int64_t{1} << 40),
                              rc::gen::arbitrary<int64_t>());
    }
    std::string refused;
    try {
      CheckShape(shape);
    } catch (const ShapeError& error) {
      refused = error.what();
    }
    RC_ASSERT(refused.empty() == IsShape(shape));
    RC_ASSERT(refused.empty() || refused.find(shape.ToString()) != std::string::npos);
    if (refused.empty()) return;
    for (const RegistryRow& row : Registry()) {
      RC_ASSERT_THROWS_AS(Create({row.name, row.backend}, shape), ShapeError);
    }
  });
}

}  // namespace
}  // namespace normsweep
