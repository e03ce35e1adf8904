#include "harness/experiments/statistics/running.h"

#include <algorithm>
#include <cmath>

#include "harness/experiments/statistics/draw.h"

namespace normsweep {
namespace {

constexpr uint64_t kRunningStream = 3;  // batch_error.cc has 1 and 2
constexpr double kPopulationEps = 1e-5;

class MeanSquare {
 public:
  void Add(double difference) {
    sum_ += difference * difference;
    ++count_;
  }
  double Root() const { return count_ == 0 ? 0 : std::sqrt(sum_ / static_cast<double>(count_)); }

 private:
  double sum_ = 0;
  int64_t count_ = 0;
};

// A normalizer that computes in T, with memory for its output.
template <class T>
class Subject {
 public:
  Subject(const NormalizerSpec& spec, const Shape& shape) : normalizer_(Create(spec, shape)) {}

  void Forward(Mode mode, const std::vector<T>& x, const Shape& shape) {
    y_.resize(x.size());
    normalizer_->Forward(mode, ConstTensorView(x.data(), shape), TensorView(y_.data(), shape));
  }
  double Output(size_t i) const { return static_cast<double>(y_[i]); }
  double Running(const char* name, int64_t channel) const {
    return Get(FindNamed(normalizer_->Buffers(), name)->value, channel);
  }

 private:
  std::unique_ptr<Normalizer> normalizer_;
  std::vector<T> y_;
};

template <class T>
class Measurement {
 public:
  Measurement(const KeptImages& images, const RunningOptions& options)
      : images_(images),
        m_(images.moments),
        options_(options),
        subject_(options.normalizer, ShapeOf(options.batch_size)),
        peer_({"batch", options.normalizer.backend, nlohmann::json::object()},
              ShapeOf(options.batch_size)) {}

  RunningError Measure() {
    RunningError e;
    Train();
    MeanSquare train;
    ForEachLiving([&](size_t i, size_t) { train.Add(subject_.Output(i) - peer_.Output(i)); });
    e.train_distance = train.Root();
    CompareBuffers(&e);
    CompareOutputs(&e);
    return e;
  }

 private:
  Shape ShapeOf(int64_t n) const { return {n, m_.channels, m_.positions, Layout::kChannelsLast}; }

  void Append(int64_t image) {
    const int64_t size = m_.positions * m_.channels;
    const float* first = images_.values.data() + image * size;
    x_.insert(x_.end(), first, first + size);
  }

  void Forward(Mode mode, int64_t n) {
    subject_.Forward(mode, x_, ShapeOf(n));
    peer_.Forward(mode, x_, ShapeOf(n));
  }

  void Train() {
    for (const std::vector<int64_t>& batch : RunningBatches(m_.images, options_)) {
      x_.clear();
      for (const int64_t image : batch) Append(image);
      Forward(Mode::kTrain, options_.batch_size);
    }
  }

  // body(place in x_, channel) of every value whose channel has variance.
  template <class Body>
  void ForEachLiving(const Body& body) const {
    const auto channels = static_cast<size_t>(m_.channels);
    for (size_t i = 0; i < x_.size(); i += channels) {
      for (size_t c = 0; c < channels; ++c) {
        if (m_.variance[c] > 0) body(i + c, c);
      }
    }
  }

  void CompareBuffers(RunningError* e) const {
    MeanSquare mean;
    double ratios = 0;
    int64_t living = 0;
    for (int64_t channel = 0; channel < m_.channels; ++channel) {
      const auto c = static_cast<size_t>(channel);
      if (m_.variance[c] == 0) continue;
      mean.Add((subject_.Running("running_mean", channel) - m_.mean[c]) /
               std::sqrt(m_.variance[c]));
      ratios += subject_.Running("running_var", channel) / m_.variance[c];
      ++living;
    }
    e->mean_error = mean.Root();
    e->variance_ratio = living == 0 ? 0 : ratios / static_cast<double>(living);
  }

  void CompareOutputs(RunningError* e) {
    std::vector<double> sigma;
    for (const double v : m_.variance) sigma.push_back(std::sqrt(v + kPopulationEps));
    MeanSquare eval, dialect;
    for (int64_t first = 0; first < m_.images; first += kEvalImages) {
      const int64_t last = std::min(m_.images, first + kEvalImages);
      x_.clear();
      for (int64_t image = first; image < last; ++image) Append(image);
      Forward(Mode::kEval, last - first);
      ForEachLiving([&](size_t i, size_t c) {
        eval.Add(subject_.Output(i) - (static_cast<double>(x_[i]) - m_.mean[c]) / sigma[c]);
        dialect.Add(subject_.Output(i) - peer_.Output(i));
      });
    }
    e->eval_distance = eval.Root();
    e->dialect_distance = dialect.Root();
  }

  const KeptImages& images_;
  const ImageMoments& m_;
  const RunningOptions& options_;
  Subject<T> subject_, peer_;
  std::vector<T> x_;  // what went in last
};

}  // namespace

KeptImages::KeptImages(const ActivationView& x, int64_t images)
    : values(x.values, x.values + images * x.positions * x.channels),
      moments({values.data(), images, x.positions, x.channels}) {}

std::vector<std::vector<int64_t>> RunningBatches(int64_t images, const RunningOptions& options) {
  Random random(options.seed, kRunningStream);
  Draw draw(images, &random);
  std::vector<std::vector<int64_t>> batches;
  for (int64_t update = 0; update < options.updates; ++update) {
    draw.Next(0, options.batch_size);
    batches.emplace_back(draw.order().begin(), draw.order().begin() + options.batch_size);
  }
  return batches;
}

RunningError MeasureRunning(const KeptImages& images, const RunningOptions& options) {
  return options.normalizer.backend == "reference" ? Measurement<double>(images, options).Measure()
                                                   : Measurement<float>(images, options).Measure();
}

}  // namespace normsweep
