#include "harness/experiments/check/suites.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "harness/experiments/check/comparison.h"
#include "harness/experiments/check/fill.h"
#include "harness/experiments/check/identities.h"
#include "harness/experiments/check/kink.h"
#include "harness/experiments/check/mutants.h"
#include "harness/experiments/check/tolerance.h"
#include "norms/errors.h"
#include "norms/random.h"
#include "norms/reference/central_differences.h"

namespace normsweep {
namespace {

using Json = nlohmann::json;

// Central differences with h = 2^-13 deviations are good to about 1e-11 (central_differences.h);
// sets of two values bend more sharply.
constexpr double kGradientTolerance = 1e-8;
// They move z by up to 2 h times the gain from x or a parameter to z, in these shapes: 1e-3.
constexpr double kKinkDistance = 0.02;
// Of the values of y and dx: above it a pass says little.
constexpr double kMistrustedZeros = 0.9;

std::string Sizes(const Shape& shape) {
  const std::string text = shape.ToString();
  return text.substr(0, text.find(']') + 1);
}

// The worst of many comparisons.
struct Worst {
  double error = 0;
  double tolerance = 0;
  double ratio = -1;
  std::string at;

  // `at` leaves the layout out: it is a column of its own.
  void Take(const OutputError& entry, const Shape& shape) {
    const double entry_ratio = entry.tolerance > 0 ? entry.error / entry.tolerance
                                                   : std::numeric_limits<double>::infinity();
    if (entry_ratio <= ratio) return;
    *this = {entry.error, entry.tolerance, entry_ratio, entry.output + " " + Sizes(shape)};
  }
};

void Report(const Worst& worst, int64_t comparisons, CaseResult* result) {
  result->metrics["worst_error"] = worst.error;
  result->metrics["tolerance"] = worst.tolerance;
  result->metrics["worst_at"] = worst.at;
  result->metrics["comparisons"] = comparisons;
}

Shape ShapeOf(const Json& dims, Layout layout) {
  auto sizes = dims.get<std::vector<int64_t>>();
  if (layout == Layout::kChannelsLast) {
    std::rotate(sizes.begin() + 1, sizes.begin() + 2, sizes.end());  // [N, C, ...] to [N, ..., C]
  }
  return MakeShape(sizes, layout);
}

// A group count that does not divide C is refused at creation, by every backend alike.
bool GroupsFit(const NormalizerSpec& spec, const Shape& shape) {
  return spec.name != "group" || shape.c % spec.options.value("groups", int64_t{32}) == 0;
}

std::string Explain(const OutputError& entry) {
  return entry.output + " is off by " + Json(entry.error).dump() + ", tolerance " +
         Json(entry.tolerance).dump();
}

struct ShapeTotals {
  Worst worst;
  int64_t comparisons = 0, refused = 0, values = 0, zeros = 0, near_kink = 0;
  std::string failure;      // the first
  std::string unexplained;  // the first failure without an overflow beside it
  std::string skipped;
  std::string implementation;
};

void TakeShape(const Comparison& comparison, const Shape& shape, ShapeTotals* totals) {
  if (!comparison.skipped.empty()) {
    totals->skipped = comparison.skipped;
    return;
  }
  ++totals->comparisons;
  totals->refused += comparison.refused ? 1 : 0;
  totals->values += comparison.values;
  totals->zeros += comparison.zeros;
  totals->near_kink += comparison.near_kink;
  totals->implementation = comparison.implementation;
  const bool overflowed =
      std::any_of(comparison.errors.begin(), comparison.errors.end(),
                  [](const OutputError& entry) { return std::isinf(entry.error); });
  const auto fail = [&](const std::string& what) {
    const std::string text = what + " for " + shape.ToString();
    if (totals->failure.empty()) totals->failure = text;
    if (!overflowed && totals->unexplained.empty()) totals->unexplained = text;
  };
  if (!comparison.mismatch.empty()) fail(comparison.mismatch);
  for (const OutputError& entry : comparison.errors) {
    totals->worst.Take(entry, shape);
    if (!(entry.error <= entry.tolerance)) fail(Explain(entry));
  }
}

ShapeTotals OverShapes(const NormalizerSpec& spec, const Json& shapes, Layout layout, Mode mode,
                       const std::string& fill, const Creator& create) {
  ShapeTotals totals;
  for (const Json& dims : shapes) {
    const Shape shape = ShapeOf(dims, layout);
    if (GroupsFit(spec, shape)) {
      TakeShape(Compare(spec, shape, mode, fill, create), shape, &totals);
    }
  }
  return totals;
}

}  // namespace

NormalizerSpec SpecOf(const Json& normalizer, const std::string& backend) {
  NormalizerSpec spec;
  spec.name = normalizer.at("name").get<std::string>();
  spec.backend = backend;
  spec.options = normalizer;
  spec.options.erase("name");
  return spec;
}

Layout LayoutOf(const std::string& name) {
  for (const Layout layout : {Layout::kChannelsFirst, Layout::kChannelsLast}) {
    if (name == Name(layout)) return layout;
  }
  throw UnknownNameError("unknown layout \"" + name + "\"");
}

Mode ModeOf(const std::string& name) {
  for (const Mode mode : {Mode::kTrain, Mode::kBatchStatistics, Mode::kEval}) {
    if (name == Name(mode)) return mode;
  }
  throw UnknownNameError("unknown mode \"" + name + "\"");
}

CaseResult RunBackendSuite(const Json& resolved_case) {
  const auto text = [&](const char* key) { return resolved_case.at(key).get<std::string>(); };
  const NormalizerSpec spec = SpecOf(resolved_case.at("normalizer"), text("backend"));
  const Creator create = resolved_case.contains("mutant")
                             ? WithMutant(text("mutant"))
                             : Creator([](const NormalizerSpec& s, const Shape& shape,
                                          std::string* why) { return Create(s, shape, why); });
  const std::string fill = text("input");
  const Layout layout = LayoutOf(text("layout"));
  const ShapeTotals totals =
      OverShapes(spec, resolved_case.at("shapes"), layout, ModeOf(text("mode")), fill, create);
  CaseResult result;
  result.status = "PASSED";
  if (totals.comparisons == 0) {
    result.status = "SKIPPED";
    result.reason = totals.skipped.empty() ? "no shape has a channel count that the groups divide"
                                           : totals.skipped;
    return result;
  }
  Report(totals.worst, totals.comparisons, &result);
  result.metrics["refused"] = totals.refused;
  result.metrics["near_kink"] = totals.near_kink;
  result.metrics["implementation"] = totals.implementation;
  const auto limit = FindPeerLimit(spec, layout, fill);
  if (limit && (!limit->overflow || totals.unexplained.empty())) {
    const bool passes = totals.failure.empty();
    result.status = passes ? "FAILED" : "PEER_LIMIT";
    result.reason =
        (passes ? "listed as a peer's limit, but passes: " : "") + std::string(limit->reason);
  } else if (!totals.failure.empty()) {
    result.status = "FAILED";
    result.reason = totals.failure;
  } else if (totals.values == 0) {
    result.status = "MISTRUSTED";
    result.reason = "every input was refused, by the reference too";
  } else if (static_cast<double>(totals.zeros) >
             kMistrustedZeros * static_cast<double>(totals.values)) {
    result.status = "MISTRUSTED";
    result.reason = std::to_string(totals.zeros) + " of " + std::to_string(totals.values) +
                    " values of y and dx are 0";
  }
  return result;
}

CaseResult RunGradientSuite(const Json& resolved_case) {
  constexpr std::array<std::array<int64_t, 3>, 6> kShapes = {
      {{1, 3, 7}, {2, 3, 3}, {4, 6, 1}, {2, 4, 1}, {2, 12, 3}, {6, 3, 4}}};
  const NormalizerSpec given = SpecOf(resolved_case.at("normalizer"), "reference");
  const Layout layout = LayoutOf(resolved_case.at("layout").get<std::string>());
  const Mode mode = ModeOf(resolved_case.at("mode").get<std::string>());
  CaseResult result;
  result.status = "PASSED";
  Worst worst;
  int64_t comparisons = 0, near_kink = 0;
  for (const auto& sizes : kShapes) {
    const Shape shape{sizes[0], sizes[1], sizes[2], layout};
    // Two values a set are the least that have a variance. Drawn at random they may lie so close
    // that a step of the differences is not small; the exact fill keeps them 2 apart. And with a
    // small eps they normalize to +-1 whatever they are, so that every derivative is a rounding
    // error.
    const bool pairs = shape.n * shape.s == 2;
    NormalizerSpec spec = given;
    if (pairs && spec.name.find("batch") == 0) spec.options["eps"] = 0.5;
    if (!GroupsFit(spec, shape)) continue;
    const std::unique_ptr<Normalizer> reference = Create(spec, shape);
    CheckData data = MakeCheckData(pairs ? "exact" : "gaussian", spec, shape);
    std::vector<double> y(data.x.size());
    try {
      reference->Init({data.x.data(), shape}, 1);
      // Converges spectral norm's u and v, which backward takes for constants; the others' running
      // statistics get a value of their own. 400 steps: a ratio of singular values of 0.95 is then
      // 1e-9.
      for (int i = 0; i < (spec.name == "spectral" ? 400 : 1); ++i) {
        reference->Forward(Mode::kTrain, {data.x.data(), shape}, {y.data(), shape});
      }
    } catch (const ShapeError&) {
      continue;  // one value a set, or sub-batches that do not fit
    }
    std::unique_ptr<Normalizer> plain;
    if (HasFusedRelu(spec)) {
      plain = MakeWithoutActivation(spec, shape, reference.get());
      plain->Forward(mode, {data.x.data(), shape}, {y.data(), shape});
      near_kink += SilenceKink(y, kKinkDistance, &data.dy);
    }
    for (const GradientError& entry : CompareWithCentralDifferences(reference.get(), mode, shape,
                                                                    data.x, data.dy, plain.get())) {
      ++comparisons;
      const OutputError error{entry.of, entry.error, kGradientTolerance};
      worst.Take(error, shape);
      if (!(error.error <= error.tolerance) && result.status == "PASSED") {
        result.status = "FAILED";
        result.reason = Explain(error) + " for " + shape.ToString();
      }
    }
  }
  if (comparisons == 0) return {"SKIPPED", "no shape suits it", {}, {}};
  Report(worst, comparisons, &result);
  result.metrics["near_kink"] = near_kink;
  return result;
}

CaseResult RunIdentitySuite(const Json& resolved_case) {
  const auto name = resolved_case.at("identity").get<std::string>();
  const auto backend = resolved_case.at("backend").get<std::string>();
  for (const Identity& identity : Identities()) {
    if (name != identity.name) continue;
    const IdentityResult found = identity.run(backend);
    const double tolerance = IdentityTolerance(backend);
    CaseResult result;
    result.status = found.error <= tolerance ? "PASSED" : "FAILED";
    if (result.status == "FAILED") {
      result.reason = Explain({"the identity", found.error, tolerance}) + " for " + found.at;
    }
    Report({found.error, tolerance, 0, found.at}, found.comparisons, &result);
    return result;
  }
  throw UnknownNameError("unknown identity \"" + name + "\"");
}

CaseResult RunMutantSuite(const Json& resolved_case) {
  const Creator create = WithMutant(resolved_case.at("mutant").get<std::string>());
  int64_t comparisons = 0;
  for (const Json& normalizer : resolved_case.at("normalizers")) {
    const NormalizerSpec spec = SpecOf(normalizer, "native");
    for (const char* fill : FillNames()) {
      for (const Mode mode : {Mode::kTrain, Mode::kBatchStatistics, Mode::kEval}) {
        const ShapeTotals totals = OverShapes(spec, resolved_case.at("shapes"),
                                              Layout::kChannelsFirst, mode, fill, create);
        comparisons += totals.comparisons;
        if (totals.failure.empty()) continue;
        CaseResult result;
        result.status = "PASSED";
        result.reason =
            std::string("caught on ") + fill + ", " + Name(mode) + ": " + totals.failure;
        Report(totals.worst, comparisons, &result);
        return result;
      }
    }
  }
  CaseResult result;
  result.status = "FAILED";
  result.reason = "not caught by any of " + std::to_string(comparisons) + " comparisons";
  result.metrics["comparisons"] = comparisons;
  return result;
}

}  // namespace normsweep
