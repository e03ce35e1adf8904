#include "norms/onednn/standardize.h"

#include <unordered_map>
#include <vector>

#include "norms/onednn/compat.h"
#include "norms/onednn/runtime.h"

namespace normsweep::onednn {
namespace {

using dnnl::normalization_flags;
using dnnl::prop_kind;
using Tag = dnnl::memory::format_tag;

MemoryDesc Float(const Dims& dims, Tag tag) { return {dims, dnnl::memory::data_type::f32, tag}; }

normalization_flags Flags(const StandardizeOptions& options) {
  normalization_flags flags = normalization_flags::none;
  if (options.affine) flags |= normalization_flags::use_scale | normalization_flags::use_shift;
  if (options.given_statistics) flags |= normalization_flags::use_global_stats;
  if (options.relu) flags |= normalization_flags::fuse_norm_relu;
  return flags;
}

// Statistics are an output only in training.
prop_kind ForwardKind(const StandardizeOptions& options) {
  return options.given_statistics ? prop_kind::forward_inference : prop_kind::forward_training;
}

// The primitive pair of one shape; Forward and Backward of either kind take the same arguments.
//
// The workspace says where relu let values pass, and only the forward of training writes it. So
// that inference need not, a Backward with given statistics first runs that forward (`training`).
template <class ForwardPrimitive, class BackwardPrimitive>
class Pair final : public Standardize {
 public:
  Pair(const StandardizeOptions& options, const MemoryDesc& tensor, const MemoryDesc& statistics,
       const MemoryDesc& parameters, const typename ForwardPrimitive::primitive_desc& forward,
       const typename ForwardPrimitive::primitive_desc& training,
       const typename BackwardPrimitive::primitive_desc& backward)
      : options_(options),
        tensor_(tensor),
        statistics_(statistics),
        parameters_(parameters),
        workspace_(training.workspace_desc()),
        implementation_(forward.impl_info_str()),
        forward_(forward),
        backward_(backward),
        stream_(CpuEngine()) {
    forward_arguments_ = {{DNNL_ARG_SCRATCHPAD, {forward.scratchpad_desc(), CpuEngine()}}};
    backward_arguments_ = {{DNNL_ARG_SCRATCHPAD, {backward.scratchpad_desc(), CpuEngine()}}};
    if (!options.relu || !options.given_statistics) return;
    training_ = ForwardPrimitive(training);
    training_arguments_ = {{DNNL_ARG_SCRATCHPAD, {training.scratchpad_desc(), CpuEngine()}}};
  }

  void Forward(const ForwardArguments& a) override {
    SetShared(&forward_arguments_, a);
    Set(&forward_arguments_, DNNL_ARG_DST, a.y);
    if (options_.affine) Set(&forward_arguments_, DNNL_ARG_SHIFT, a.beta);
    if (options_.relu && !options_.given_statistics) {
      Set(&forward_arguments_, DNNL_ARG_WORKSPACE, a.workspace);
    }
    forward_.execute(stream_, forward_arguments_);
    stream_.wait();
  }

  void Backward(const BackwardArguments& a) override {
    if (options_.relu && options_.given_statistics) FillWorkspace(a);
    SetShared(&backward_arguments_, a);
    if (options_.relu) Set(&backward_arguments_, DNNL_ARG_WORKSPACE, a.workspace);
    Set(&backward_arguments_, DNNL_ARG_DIFF_DST, a.dy);
    Set(&backward_arguments_, DNNL_ARG_DIFF_SRC, a.dx);
    if (options_.affine) {
      if (kBackwardTakesShift<BackwardPrimitive>) {
        Set(&backward_arguments_, DNNL_ARG_SHIFT, a.beta);
      }
      Set(&backward_arguments_, DNNL_ARG_DIFF_SCALE, a.dgamma);
      Set(&backward_arguments_, DNNL_ARG_DIFF_SHIFT, a.dbeta);
    }
    backward_.execute(stream_, backward_arguments_);
    stream_.wait();
  }

  std::string Implementation() const override { return implementation_; }
  size_t WorkspaceBytes() const override { return options_.relu ? workspace_.get_size() : 0; }

 private:
  using Arguments = std::unordered_map<int, dnnl::memory>;

  void FillWorkspace(const BackwardArguments& a) {
    y_.resize(tensor_.get_size() / sizeof(float));
    SetShared(&training_arguments_, a);
    Set(&training_arguments_, DNNL_ARG_DST, y_.data());
    if (options_.affine) Set(&training_arguments_, DNNL_ARG_SHIFT, a.beta);
    Set(&training_arguments_, DNNL_ARG_WORKSPACE, a.workspace);
    training_.execute(stream_, training_arguments_);
    stream_.wait();
  }

  // What Forward and Backward both take.
  template <class A>
  void SetShared(Arguments* arguments, const A& a) {
    Set(arguments, DNNL_ARG_SRC, a.x);
    Set(arguments, DNNL_ARG_MEAN, a.mean);
    Set(arguments, DNNL_ARG_VARIANCE, a.variance);
    if (options_.affine) Set(arguments, DNNL_ARG_SCALE, a.gamma);
  }

  void Set(Arguments* arguments, int which, const void* data) {
    const auto found = arguments->find(which);
    if (found != arguments->end()) {
      found->second.set_data_handle(const_cast<void*>(data));
    } else {
      arguments->insert({which, Memory(DescOf(which), data)});
    }
  }

  const MemoryDesc& DescOf(int which) const {
    switch (which) {
      case DNNL_ARG_MEAN:
      case DNNL_ARG_VARIANCE: return statistics_;
      case DNNL_ARG_SCALE:
      case DNNL_ARG_SHIFT:
      case DNNL_ARG_DIFF_SCALE:
      case DNNL_ARG_DIFF_SHIFT: return parameters_;
      case DNNL_ARG_WORKSPACE: return workspace_;
      default: return tensor_;
    }
  }

  StandardizeOptions options_;
  MemoryDesc tensor_, statistics_, parameters_, workspace_;
  std::string implementation_;
  ForwardPrimitive forward_, training_;
  BackwardPrimitive backward_;
  // Kept: a map of its own for every call would cost more than a small tensor.
  Arguments forward_arguments_, training_arguments_, backward_arguments_;
  std::vector<float> y_;  // of FillWorkspace; nobody reads it
  dnnl::stream stream_;
};

}  // namespace

dnnl::memory::desc PlainDesc(const Shape& shape) {
  const Tag tag = shape.layout == Layout::kChannelsFirst ? Tag::nchw : Tag::nhwc;
  return Float({shape.n, shape.c, shape.s, 1}, tag);
}

std::unique_ptr<Standardize> MakeBatchPrimitive(const Shape& shape,
                                                const StandardizeOptions& options) {
  return MakeBatchPrimitive(PlainDesc(shape), options);
}

std::unique_ptr<Standardize> MakeBatchPrimitive(const dnnl::memory::desc& tensor,
                                                const StandardizeOptions& options) {
  const normalization_flags flags = Flags(options);
  const auto training =
      MakeBatchNormForward(CpuEngine(), prop_kind::forward_training, tensor, options.eps, flags);
  const auto forward =
      MakeBatchNormForward(CpuEngine(), ForwardKind(options), tensor, options.eps, flags);
  const prop_kind kind = options.affine ? prop_kind::backward : prop_kind::backward_data;
  const auto backward =
      MakeBatchNormBackward(CpuEngine(), kind, tensor, tensor, options.eps, flags, training);
  using P = Pair<dnnl::batch_normalization_forward, dnnl::batch_normalization_backward>;
  return std::make_unique<P>(options, tensor, forward.mean_desc(),
                             Float({DimsOf(tensor)[1]}, Tag::a), forward, training, backward);
}

std::unique_ptr<Standardize> MakeLayerPrimitive(int64_t rows, int64_t length,
                                                const StandardizeOptions& options) {
  const MemoryDesc tensor = Float({rows, length}, Tag::ab);
  const MemoryDesc statistics = Float({rows}, Tag::a);
  const normalization_flags flags = Flags(options);
  const auto forward = MakeLayerNormForward(CpuEngine(), ForwardKind(options), tensor, statistics,
                                            options.eps, flags);
  const prop_kind kind = options.affine ? prop_kind::backward : prop_kind::backward_data;
  const auto backward = MakeLayerNormBackward(CpuEngine(), kind, tensor, tensor, statistics,
                                              options.eps, flags, forward);
  using P = Pair<dnnl::layer_normalization_forward, dnnl::layer_normalization_backward>;
  return std::make_unique<P>(options, tensor, statistics, Float({length}, Tag::a), forward, forward,
                             backward);
}

}  // namespace normsweep::onednn
