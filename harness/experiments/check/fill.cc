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

constexpr uint64_t kSeed = 20;

// The first of a stream's numbers, kept: every shape begins with the same ones, and to draw them
// for each of the 5330 cases of check.json was half of its time.
constexpr size_t kKept = kKeptInputBytes / 2 / sizeof(double);
const std::vector<double>& KeptGaussians(uint64_t stream) {
  const auto draw = [](uint64_t of) {
    Random random(kSeed, of);
    std::vector<double> values(kKept);
    for (double& value : values) value = random.Gaussian();
    return values;
  };
  static const std::array<std::vector<double>, 2> kept = {draw(0), draw(1)};
  return kept[stream];
}

// N(0, 1), `count` of them at the most.
class Gaussians {
 public:
  Gaussians(uint64_t stream, size_t count)
      : kept_(count <= kKept ? &KeptGaussians(stream) : nullptr), random_(kSeed, stream) {}
  double Next() { return kept_ != nullptr ? (*kept_)[next_++] : random_.Gaussian(); }

 private:
  const std::vector<double>* kept_;
  size_t next_ = 0;
  Random random_;
};

double Draw(const std::string& fill, Gaussians* random) {
  if (fill == "constant") return 3;
  const double g = random->Next();
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
  data.dy.resize(size);
  if (fill == "exact") {
    data.warm_up = ExactX(spec, shape, 1);
    data.x = ExactX(spec, shape, 0);
    Random gradient(kSeed, 1);
    for (double& value : data.dy) value = static_cast<double>(gradient.Below(7)) - 3;
    return data;
  }
  Gaussians random(0, 2 * size), gradient(1, size);
  data.warm_up.resize(size);
  data.x.resize(size);
  for (double& value : data.warm_up) value = Draw(fill, &random);
  for (double& value : data.x) value = Draw(fill, &random);
  for (double& value : data.dy) value = gradient.Next();
  RoundToFloat(&data.warm_up);
  RoundToFloat(&data.x);
  RoundToFloat(&data.dy);
  return data;
}

}  // namespace normsweep
