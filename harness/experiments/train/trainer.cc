#include "harness/experiments/train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "harness/experiments/train/evaluation.h"
#include "harness/experiments/train/probes/probe.h"
#include "harness/experiments/train/singular_value_metrics.h"
#include "harness/nn/loss.h"
#include "harness/nn/spectral_penalty.h"
#include "harness/nn/streams.h"
#include "harness/nn/weight_start.h"
#include "norms/errors.h"
#include "norms/random.h"

namespace normsweep {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Trainer {
 public:
  Trainer(const TrainConfig& config, const Dataset& dataset)
      : config_(config),
        dataset_(dataset),
        network_options_(config.MakeNetworkOptions()),
        network_(network_options_),
        penalty_(network_.linears(), config.spectral_penalty, static_cast<uint64_t>(config.seed)),
        optimizer_(network_.Parameters(), config.momentum, config.weight_decay),
        schedule_(config.MakeSchedule()),
        probes_(MakeProbes(config.measure, {dataset, network_options_, config.StatisticsBatchSize(),
                                            config.normalization_batch_size.value_or(1)})) {}

  CaseResult Run();

 private:
  void Start();
  void RunEpoch(int64_t epoch);
  void RunStep(std::span<const int32_t> samples);
  void Probe();
  void EvaluateOnTheWay(int64_t step_of_epoch);
  Evaluation EvaluateTest();
  void Measure(CaseResult* result);
  void FillDiverged(CaseResult* result) const;
  void FillTimings(double seconds, CaseResult* result) const;
  bool Diverged() const { return !diverged_.empty(); }
  // Where kEval is defined by the batch (batch norm without running statistics), the batch is the
  // training's.
  bool EvaluatesByBatch() const {
    return config_.normalizer_crosses_samples && !HasRunningStatistics(network_);
  }

  const TrainConfig& config_;
  const Dataset& dataset_;
  const NetworkOptions network_options_;
  Network network_;
  SpectralPenalty penalty_;
  Sgd optimizer_;
  Schedule schedule_;
  std::vector<std::unique_ptr<normsweep::Probe>> probes_;

  std::vector<int32_t> order_, labels_;
  std::vector<float> images_;
  std::vector<float> gradient_;
  int64_t step_ = 0, trained_samples_ = 0;
  std::string diverged_;  // why
  double epoch_loss_ = 0;
  int64_t epoch_errors_ = 0, epoch_samples_ = 0;
  std::vector<double> error_per_epoch_;
  Evaluation test_;  // the last one
  std::optional<int64_t> steps_to_target_;
  double evaluation_seconds_ = 0;
};

CaseResult Trainer::Run() {
  const Clock::time_point start = Clock::now();
  CaseResult result;
  Start();
  try {
    for (int64_t epoch = 0; epoch < config_.epochs && !Diverged(); ++epoch) RunEpoch(epoch);
  } catch (const ValueError& e) {  // such as a weight row that became zero
    diverged_ = std::string(e.what()) + ", at step " + std::to_string(step_ + 1);
  }
  if (Diverged()) {
    FillDiverged(&result);
  } else {
    Measure(&result);
  }
  FillTimings(SecondsSince(start), &result);
  return result;
}

void Trainer::Start() {
  if (config_.init_samples == 0) return;
  const int64_t samples = std::min(config_.init_samples, dataset_.train.count());
  StartFromData(&network_, std::span(dataset_.train.images)
                               .first(static_cast<size_t>(samples * dataset_.shape.Elements())));
}

void Trainer::RunEpoch(int64_t epoch) {
  order_.resize(dataset_.train.labels.size());
  std::iota(order_.begin(), order_.end(), 0);
  Random random(static_cast<uint64_t>(config_.seed),
                streams::kDataOrder + static_cast<uint64_t>(epoch));
  for (size_t i = order_.size(); i > 1; --i) std::swap(order_[i - 1], order_[random.Below(i)]);

  epoch_loss_ = 0;
  epoch_errors_ = epoch_samples_ = 0;
  const int64_t steps = config_.StepsPerEpoch();
  for (int64_t s = 0; s < steps && !Diverged(); ++s) {
    const int64_t n = s + 1 < steps ? config_.batch_size : config_.LastBatchSize();
    RunStep(std::span(order_).subspan(static_cast<size_t>(s * config_.batch_size),
                                      static_cast<size_t>(n)));
    if (!Diverged()) EvaluateOnTheWay(s + 1);
  }
  // The last step's weights are in no training loss, and the labels of NaN are all wrong, not 90 %.
  if (!Diverged() && !std::isfinite(test_.loss)) {
    diverged_ = "the test loss was not finite after step " + std::to_string(step_);
  }
  if (!Diverged()) error_per_epoch_.push_back(test_.error);
}

void Trainer::RunStep(std::span<const int32_t> samples) {
  const auto n = static_cast<int64_t>(samples.size());
  const int64_t elements = dataset_.shape.Elements();
  images_.resize(static_cast<size_t>(n * elements));
  labels_.clear();
  for (const int32_t sample : samples) {
    std::copy_n(dataset_.train.images.data() + sample * elements, elements,
                images_.data() + static_cast<int64_t>(labels_.size()) * elements);
    labels_.push_back(dataset_.train.labels[static_cast<size_t>(sample)]);
  }
  if (IsProbed(step_, config_.Steps(), config_.measure.times)) Probe();
  std::copy(images_.begin(), images_.end(), network_.Input(n));
  const auto logits = network_.Forward(Mode::kTrain, n);
  gradient_.resize(logits.size());
  const LossSum loss = SoftmaxCrossEntropy(logits, labels_, gradient_.data());
  ++step_;
  if (!std::isfinite(loss.loss)) {
    diverged_ = "the loss was not finite at step " + std::to_string(step_);
    return;
  }
  network_.Backward(n, gradient_.data());
  if (config_.spectral_penalty > 0) penalty_.AddGradient();
  optimizer_.Step(schedule_.At(step_ - 1));
  epoch_loss_ += loss.loss;
  epoch_errors_ += loss.errors;
  epoch_samples_ += n;
  trained_samples_ += n;
}

void Trainer::Probe() {
  const Clock::time_point start = Clock::now();
  for (const auto& probe : probes_) {
    probe->Look({&network_, step_, schedule_.At(step_), images_, labels_});
  }
  evaluation_seconds_ += SecondsSince(start);
}

// After step k * steps / evaluations_per_epoch of an epoch, for each k.
void Trainer::EvaluateOnTheWay(int64_t step_of_epoch) {
  const int64_t steps = config_.StepsPerEpoch(), evaluations = config_.evaluations_per_epoch;
  if (step_of_epoch * evaluations / steps == (step_of_epoch - 1) * evaluations / steps) return;
  const Clock::time_point start = Clock::now();
  test_ = EvaluateTest();
  evaluation_seconds_ += SecondsSince(start);
  if (!steps_to_target_ && config_.target_error && test_.error <= *config_.target_error) {
    steps_to_target_ = step_;
  }
}

Evaluation Trainer::EvaluateTest() {
  return EvaluatesByBatch() ? EvaluateBatchStatistics(&network_, dataset_.test, config_.batch_size)
                            : EvaluateRunning(&network_, dataset_.test);
}

// JSON has no infinity and no NaN.
nlohmann::ordered_json Finite(double value, const char* name, std::string* reason) {
  if (std::isfinite(value)) return value;
  *reason += std::string(reason->empty() ? "" : "; ") + name + " is not finite";
  return nullptr;
}

void Trainer::Measure(CaseResult* result) {
  const Clock::time_point start = Clock::now();
  Evaluation batch = test_, recomputed = test_;
  if (HasRunningStatistics(network_)) {
    batch = EvaluateBatchStatistics(&network_, dataset_.test, config_.batch_size);
    const PopulationStatistics population(
        &network_, dataset_.train, config_.recompute_samples,
        config_.recompute_batch_size.value_or(config_.batch_size));
    recomputed = EvaluateRunning(&network_, dataset_.test);
  }
  const Evaluation validation =
      EvaluatesByBatch()
          ? EvaluateBatchStatistics(&network_, dataset_.validation, config_.batch_size)
          : EvaluateRunning(&network_, dataset_.validation);
  evaluation_seconds_ += SecondsSince(start);

  auto& metrics = result->metrics;
  const auto loss = [&](const char* name, double value) {
    metrics[name] = Finite(value, name, &result->reason);
  };
  const auto samples = static_cast<double>(epoch_samples_);
  metrics["test_error"] = test_.error;
  loss("test_loss", test_.loss);
  metrics["test_error_batch_statistics"] = batch.error;
  loss("test_loss_batch_statistics", batch.loss);
  metrics["test_error_recomputed"] = recomputed.error;
  loss("test_loss_recomputed", recomputed.loss);
  metrics["validation_error"] = validation.error;
  loss("validation_loss", validation.loss);
  metrics["train_error"] = 100 * static_cast<double>(epoch_errors_) / samples;
  loss("train_loss", epoch_loss_ / samples);
  metrics["test_error_per_epoch"] = error_per_epoch_;
  if (config_.target_error) {
    metrics["steps_to_target_error"] = nullptr;
    if (steps_to_target_) metrics["steps_to_target_error"] = *steps_to_target_;
  }
  metrics["steps"] = step_;
  metrics["learning_rate"] = config_.PeakLearningRate();
  metrics["parameters"] = network_.ParameterCount();
  for (const auto& probe : probes_) probe->Put(result);
  if (config_.measure.singular_values) PutSingularValues(network_, false, &metrics);
}

void Trainer::FillDiverged(CaseResult* result) const {
  result->status = "diverged";
  result->reason = diverged_;
  const double chance = 100 * (1 - 1 / static_cast<double>(dataset_.classes));
  auto& metrics = result->metrics;
  for (const char* name : {"test", "validation", "train"}) {
    metrics[std::string(name) + "_error"] = chance;
    metrics[std::string(name) + "_loss"] = nullptr;
    if (std::string(name) != "test") continue;
    for (const char* way : {"_batch_statistics", "_recomputed"}) {
      metrics[std::string("test_error") + way] = chance;
      metrics[std::string("test_loss") + way] = nullptr;
    }
  }
  std::vector<double> errors = error_per_epoch_;
  errors.resize(static_cast<size_t>(config_.epochs), chance);
  metrics["test_error_per_epoch"] = errors;
  if (config_.target_error) metrics["steps_to_target_error"] = nullptr;
  metrics["steps"] = step_;
  metrics["learning_rate"] = config_.PeakLearningRate();
  metrics["parameters"] = network_.ParameterCount();
  for (const auto& probe : probes_) {
    if (probe->OutlivesDivergence()) probe->Put(result);
  }
  if (config_.measure.singular_values) PutSingularValues(network_, true, &metrics);
}

void Trainer::FillTimings(double seconds, CaseResult* result) const {
  const double training = seconds - evaluation_seconds_;
  result->timings["seconds"] = seconds;
  result->timings["training_seconds"] = training;
  result->timings["evaluation_seconds"] = evaluation_seconds_;
  result->timings["samples_per_second"] = static_cast<double>(trained_samples_) / training;
}

}  // namespace

CaseResult Train(const TrainConfig& config, const Dataset& dataset) {
  return Trainer(config, dataset).Run();
}

}  // namespace normsweep
