#include "norms/onednn/adapter.h"

#include <algorithm>
#include <cmath>

#include "norms/sets.h"

namespace normsweep::onednn {
Adapter::Adapter(NormalizerInfo info, const Shape& shape, const AdapterOptions& options)
    : Normalizer(std::move(info), shape),
      options_(options),
      running_(options.average, shape.c, "running_var"),
      affine_(shape, options.affine, true) {
  for (const Parameter& parameter : affine_.Parameters()) {
    AddParameter(parameter.name, parameter.value, parameter.gradient);
  }
  if (options.track_running_stats) {
    for (const Buffer& buffer : running_.Buffers()) AddBuffer(buffer.name, buffer.value);
  }
  Shape probe = shape;
  probe.n = std::max<int64_t>(shape.n, options.normalization_batch_size.value_or(1));
  probe.n -= probe.n % options.normalization_batch_size.value_or(1);
  mutable_info().implementation = PrimitiveOf(ViewOf(probe, false), false).Implementation();
}

bool Adapter::UsesRunning(Mode mode) const {
  return mode == Mode::kEval && options_.track_running_stats;
}

void Adapter::CheckForward(Mode mode, const Shape& shape) const {
  if (UsesRunning(mode)) return;
  CheckSubBatches(Info().label, shape.n, options_.normalization_batch_size);
  if (mode != Mode::kTrain) return;
  const View view = ViewOf(shape, false);
  CheckSetSize(Info().label, shape, view.shape.n * view.shape.s);
}

Adapter::View Adapter::ViewOf(const Shape& shape, bool given_statistics) const {
  constexpr Layout kFirst = Layout::kChannelsFirst;
  const bool planes = shape.layout == kFirst || shape.s == 1;
  if (options_.sets == Sets::kChannel) {
    const int64_t w = given_statistics ? 1 : SubBatches(shape.n, options_.normalization_batch_size);
    if (w == 1) return {shape, 1, Copy::kNone};
    if (planes) return {{shape.n / w, w * shape.c, shape.s, shape.layout}, 1, Copy::kNone};
    return {{shape.n / w, shape.c, shape.s, shape.layout}, w, Copy::kSubBatches};
  }
  const int64_t groups = options_.sets == Sets::kSample ? 1 : options_.groups;
  if (groups == shape.c && !planes)
    return {{1, shape.c, shape.s, shape.layout}, shape.n, Copy::kNone};
  const Shape rows{1, shape.n * groups, shape.c / groups * shape.s, kFirst};
  return {rows, 1, planes || groups == 1 ? Copy::kNone : Copy::kChannelsFirst};
}

Standardize& Adapter::PrimitiveOf(const View& view, bool given_statistics) {
  std::unique_ptr<Standardize>& slot = primitives_[{view.shape.n, view.shape.c, given_statistics}];
  if (slot == nullptr) {
    const StandardizeOptions options{
        static_cast<float>(options_.eps), options_.primitive_affine, given_statistics,
        options_.activation == Activation::kRelu && options_.primitive_activation};
    slot = options_.layer_primitive ? MakeLayerPrimitive(view.shape.c, view.shape.s, options)
                                    : MakeBatchPrimitive(view.shape, options);
  }
  return *slot;
}

int64_t Adapter::SetOf(int64_t n, int64_t c) const {
  const int64_t groups = options_.sets == Sets::kSample ? 1 : options_.groups;
  return n * groups + c / (shape().c / groups);
}

double Adapter::Normalized(float x, int64_t set) const {
  const auto at = static_cast<size_t>(set);
  return (static_cast<double>(x) - static_cast<double>(mean_[at])) /
         std::sqrt(static_cast<double>(variance_[at]) + options_.eps);
}

void Adapter::LoadRunning() {
  for (size_t set = 0; set < mean_.size(); ++set) {
    const int64_t channel = static_cast<int64_t>(set) % shape().c;
    mean_[set] = static_cast<float>(running_.mean(channel));
    variance_[set] = static_cast<float>(running_.spread(channel));
  }
}

size_t Adapter::InView(int64_t n, int64_t c, int64_t element) const {
  const int64_t sample = shape().c * shape().s;
  const bool moved = view_.copy == Copy::kSubBatches;  // whole samples; else within a sample
  const int64_t to_sample = moved ? n % view_.calls * view_.shape.n + n / view_.calls : n;
  const int64_t to_element = moved ? element : c * shape().s + element / shape().c;
  return static_cast<size_t>(to_sample * sample + to_element);
}

const float* Adapter::ToView(const float* tensor, std::vector<float>* copy) const {
  if (view_.copy == Copy::kNone) return tensor;
  copy->resize(static_cast<size_t>(shape().Elements()));
  ForEachElement(shape(), [&](int64_t offset, int64_t n, int64_t c, int64_t element) {
    (*copy)[InView(n, c, element)] = tensor[offset];
  });
  return copy->data();
}

void Adapter::FromView(const std::vector<float>& copy, float* tensor) const {
  if (view_.copy == Copy::kNone) return;
  ForEachElement(shape(), [&](int64_t offset, int64_t n, int64_t c, int64_t element) {
    tensor[offset] = copy[InView(n, c, element)];
  });
}

void Adapter::DoForward(Mode mode, ConstTensorView x, TensorView y) {
  given_statistics_ = UsesRunning(mode);
  view_ = ViewOf(x.shape, given_statistics_);
  const auto sets = static_cast<size_t>(view_.calls * view_.shape.c);
  mean_.resize(sets);
  variance_.resize(sets);
  if (given_statistics_) LoadRunning();
  if (options_.primitive_affine) RepeatAffine();
  const float* in = ToView(x.As<float>(), &x_copy_);
  if (view_.copy != Copy::kNone) y_copy_.resize(x_copy_.size());
  float* out = view_.copy == Copy::kNone ? y.As<float>() : y_copy_.data();
  Standardize& primitive = PrimitiveOf(view_, given_statistics_);
  mutable_info().implementation = primitive.Implementation();
  workspace_.resize(static_cast<size_t>(view_.calls) * primitive.WorkspaceBytes());
  for (int64_t call = 0; call < view_.calls; ++call) {
    const int64_t offset = call * view_.shape.Elements();
    primitive.Forward({in + offset, out + offset, mean_.data() + call * view_.shape.c,
                       variance_.data() + call * view_.shape.c, view_gamma_.data(),
                       view_beta_.data(), WorkspaceOf(call, primitive)});
  }
  FromView(y_copy_, y.As<float>());
  if (OwnAffine()) ForwardAffine(y.As<float>());
  if (OwnRelu()) ForwardRelu(y.As<float>());
  if (mode == Mode::kTrain && options_.track_running_stats) MoveRunning();
}

void Adapter::RepeatAffine() {
  const int64_t repeats =
      options_.layer_primitive ? 1 : std::max<int64_t>(1, view_.shape.c / shape().c);
  view_gamma_.clear();
  view_beta_.clear();
  const int64_t parameters = affine_.gamma.view().shape.Elements();
  for (int64_t i = 0; i < repeats; ++i) {
    const float* const gamma = affine_.gamma.data();
    const float* const beta = affine_.beta.data();
    view_gamma_.insert(view_gamma_.end(), gamma, gamma + parameters);
    view_beta_.insert(view_beta_.end(), beta, beta + parameters);
  }
}

void Adapter::ForwardAffine(float* y) {
  const bool per_element = options_.affine == AffineKind::kElement;
  ForEachElement(shape(), [&](int64_t offset, int64_t, int64_t c, int64_t element) {
    const int64_t i = per_element ? element : c;
    y[offset] = y[offset] * affine_.gamma[i] + affine_.beta[i];
  });
}

void Adapter::ForwardRelu(float* y) {
  passes_.resize(static_cast<size_t>(shape().Elements()));
  for (size_t i = 0; i < passes_.size(); ++i) {
    passes_[i] = !(y[i] <= 0);
    y[i] = Relu(y[i]);
  }
}

void Adapter::BackwardRelu(const float* dy, float* g) const {
  for (size_t i = 0; i < passes_.size(); ++i) g[i] = passes_[i] ? dy[i] : 0.0F;
}

void* Adapter::WorkspaceOf(int64_t call, const Standardize& primitive) {
  return workspace_.data() + static_cast<size_t>(call) * primitive.WorkspaceBytes();
}

void Adapter::MoveRunning() {
  const int64_t parts = static_cast<int64_t>(mean_.size()) / shape().c;
  const double factor =
      options_.unbiased_running_variance ? Unbiased(view_.shape.n * view_.shape.s) : 1.0;
  running_mean_.assign(mean_.begin(), mean_.end());
  running_variance_.assign(variance_.begin(), variance_.end());
  running_.Begin(shape().n);
  running_.Move({0, shape().c}, parts, running_mean_, running_variance_, factor);
}

void Adapter::BackwardAffine(const float* x, const float* dy, float* g) {
  const bool per_element = options_.affine == AffineKind::kElement;
  std::vector<double> dgamma(static_cast<size_t>(Parameters()[0].value.shape.Elements()));
  std::vector<double> dbeta(dgamma.size());
  ForEachElement(shape(), [&](int64_t offset, int64_t n, int64_t c, int64_t element) {
    const int64_t i = per_element ? element : c;
    const auto gradient = static_cast<double>(dy[offset]);
    dgamma[static_cast<size_t>(i)] += gradient * Normalized(x[offset], SetOf(n, c));
    dbeta[static_cast<size_t>(i)] += gradient;
    g[offset] = dy[offset] * affine_.gamma[i];
  });
  for (size_t i = 0; i < dgamma.size(); ++i) {
    affine_.dgamma[static_cast<int64_t>(i)] += static_cast<float>(dgamma[i]);
    affine_.dbeta[static_cast<int64_t>(i)] += static_cast<float>(dbeta[i]);
  }
}

void Adapter::DoBackward(Mode /*mode*/, ConstTensorView x, ConstTensorView dy, TensorView dx) {
  const float* g = dy.As<float>();
  g_.resize(OwnRelu() || OwnAffine() ? static_cast<size_t>(shape().Elements()) : 0);
  if (OwnRelu()) {
    BackwardRelu(g, g_.data());
    g = g_.data();
  }
  if (OwnAffine()) {
    BackwardAffine(x.As<float>(), g, g_.data());
    g = g_.data();
  }
  const float* in = ToView(x.As<float>(), &x_copy_);
  const float* gradient = ToView(g, &y_copy_);
  float* out = view_.copy == Copy::kNone ? dx.As<float>() : y_copy_.data();
  view_dgamma_.resize(view_gamma_.size());
  view_dbeta_.resize(view_beta_.size());
  Standardize& primitive = PrimitiveOf(view_, given_statistics_);
  for (int64_t call = 0; call < view_.calls; ++call) {
    const int64_t offset = call * view_.shape.Elements();
    const int64_t set = call * view_.shape.c;
    primitive.Backward({in + offset, gradient + offset, out + offset, mean_.data() + set,
                        variance_.data() + set, view_gamma_.data(), view_beta_.data(),
                        view_dgamma_.data(), view_dbeta_.data(), WorkspaceOf(call, primitive)});
    if (!options_.primitive_affine) continue;
    const int64_t parameters = Parameters()[0].value.shape.Elements();
    for (size_t i = 0; i < view_dgamma_.size(); ++i) {
      affine_.dgamma[static_cast<int64_t>(i) % parameters] += view_dgamma_[i];
      affine_.dbeta[static_cast<int64_t>(i) % parameters] += view_dbeta_[i];
    }
  }
  FromView(y_copy_, dx.As<float>());
}

SetStatistics Adapter::DoStatistics() const {
  SetStatistics statistics;
  if (given_statistics_) return statistics;
  statistics.count = view_.shape.n * view_.shape.s;
  statistics.mean.assign(mean_.begin(), mean_.end());
  statistics.variance.assign(variance_.begin(), variance_.end());
  return statistics;
}

Cost Adapter::ForwardCost(Mode mode) const {
  const int64_t bytes = shape().Elements() * SizeOf(DataType::kFloat32);
  return {(UsesRunning(mode) ? 2 : 3) * bytes};
}

}  // namespace normsweep::onednn
