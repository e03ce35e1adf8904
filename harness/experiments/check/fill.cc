#include "harness/experiments/check/fill.h"

#include <array>
#include <map>

#include "norms/errors.h"
#include "norms/random.h"

namespace normsweep {
namespace {

constexpr std::array kFills = {"exact", "gaussian", "offset", "constant", "tiny", "huge"};

std::vector<double> ExactX(const NormalizerSpec& spec, const Shape& shape, int64_t shift) {
  std::map<int64_t, int64_t> sizes, seen;
  ForEachElement(
      shape, [&](int64_t, int64_t n, int64_t c, int64_t) { ++sizes[SetIndex(spec, shape, n, c)]; });
  std::vector<double> x(static_cast<size_t>(shape.Elements()));
  ForEachElement(shape, [&](int64_t offset, int64_t n, int64_t c, int64_t) {
    const int64_t set = SetIndex(spec, shape, n, c);
    const int64_t j = seen[set]++;
    const auto mean = static_cast<double>((set + shift) % 5 + 1);
    const auto amplitude = static_cast<double>(1 + j / 2 % 3);
    const bool unpaired = j == sizes[set] - 1 && sizes[set] % 2 == 1;
    x[static_cast<size_t>(offset)] = unpaired ? mean : mean + (j % 2 == 0 ? amplitude : -amplitude);
  });
  return x;
}

double Draw(const std::string& fill, Random* random) {
  if (fill == "constant") return 3;
  const double g = random->Gaussian();
  if (fill == "gaussian") return 1 + 2 * g;
  if (fill == "offset") return 1e4 + g;
  return g * (fill == "tiny" ? 1e-20 : 1e18);
}

void RoundToFloat(std::vector<double>* values) {
  for (double& value : *values) value = static_cast<double>(static_cast<float>(value));
}

}  // namespace

std::span<const char* const> FillNames() { return kFills; }

int64_t SetIndex(const NormalizerSpec& spec, const Shape& shape, int64_t n, int64_t c) {
  if (spec.name == "instance") return n * shape.c + c;
  if (spec.name == "group") {
    const int64_t groups = spec.options.value("groups", int64_t{32});
    return n * groups + c * groups / shape.c;
  }
  if (spec.name == "batch" || spec.name == "batch_renorm") {
    const auto b = spec.options.find("normalization_batch_size");
    const bool split = b != spec.options.end() && !b->is_null();
    const int64_t parts = split ? std::max<int64_t>(1, shape.n / b->get<int64_t>()) : 1;
    return n % parts * shape.c + c;
  }
  return n;  // layer's sample, a weight's row; none has no sets
}

CheckData MakeCheckData(const std::string& fill, const NormalizerSpec& spec, const Shape& shape) {
  bool known = false;
  for (const char* name : kFills) known = known || fill == name;
  if (!known) throw UnknownNameError("unknown input \"" + fill + "\"");
  const auto size = static_cast<size_t>(shape.Elements());
  CheckData data;
  Random random(20, 0);
  Random gradient(20, 1);
  data.dy.resize(size);
  if (fill == "exact") {
    data.warm_up = ExactX(spec, shape, 1);
    data.x = ExactX(spec, shape, 0);
    for (double& value : data.dy) value = static_cast<double>(gradient.Below(7)) - 3;
    return data;
  }
  data.warm_up.resize(size);
  data.x.resize(size);
  for (double& value : data.warm_up) value = Draw(fill, &random);
  for (double& value : data.x) value = Draw(fill, &random);
  for (double& value : data.dy) value = gradient.Gaussian();
  RoundToFloat(&data.warm_up);
  RoundToFloat(&data.x);
  RoundToFloat(&data.dy);
  return data;
}

}  // namespace normsweep
