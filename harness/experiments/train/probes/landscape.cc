#include "harness/experiments/train/probes/landscape.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "harness/claims/tests.h"
#include "harness/experiments/train/probes/saved_network.h"

namespace normsweep {
namespace {

double Norm(std::span<const float> v) {
  double squares = 0;
  for (const float x : v) squares += static_cast<double>(x) * static_cast<double>(x);
  return std::sqrt(squares);
}

double Distance(std::span<const float> a, std::span<const float> b) {
  double squares = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    const double t = static_cast<double>(a[i]) - static_cast<double>(b[i]);
    squares += t * t;
  }
  return std::sqrt(squares);
}

// Infinite counts as greater than any number; NaN as infinite.
double OrInfinity(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
}

}  // namespace

void Landscape::Look(const ProbedStep& step) {
  SavedNetwork saved(step.network);
  const BatchGradient here = saved.Gradient(step.images, step.labels);
  const double norm = Norm(here.gradient);
  std::vector<double> losses, changes, betas;
  for (const double multiple : multiples_) {
    const double rate = multiple * step.learning_rate;
    saved.MoveTo(rate, here.gradient);
    const BatchGradient there = saved.Gradient(step.images, step.labels);
    losses.push_back(OrInfinity(there.loss));
    changes.push_back(OrInfinity(Distance(here.gradient, there.gradient)));
    betas.push_back(norm > 0 ? changes.back() / (rate * norm) : 0);
  }
  steps_.push_back(step.step);
  loss_low_.push_back(*std::min_element(losses.begin(), losses.end()));
  loss_high_.push_back(*std::max_element(losses.begin(), losses.end()));
  change_low_.push_back(*std::min_element(changes.begin(), changes.end()));
  change_high_.push_back(*std::max_element(changes.begin(), changes.end()));
  beta_.push_back(*std::max_element(betas.begin(), betas.end()));
}

void Landscape::Put(CaseResult* result) const {
  std::vector<double> ranges;
  for (size_t i = 0; i < loss_low_.size(); ++i) ranges.push_back(loss_high_[i] - loss_low_[i]);
  result->metrics["landscape_loss_range"] = Quantile(ranges, 0.5);
  result->metrics["landscape_gradient_change"] = Quantile(change_high_, 0.5);
  result->metrics["landscape_beta"] = Quantile(beta_, 0.5);
  auto& samples = result->samples;
  samples["landscape_steps"] = steps_;
  samples["landscape_loss_low"] = loss_low_;
  samples["landscape_loss_high"] = loss_high_;
  samples["landscape_gradient_change_low"] = change_low_;
  samples["landscape_gradient_change_high"] = change_high_;
  samples["landscape_beta"] = beta_;
}

}  // namespace normsweep
