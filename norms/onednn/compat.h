// Everything that depends on the version of oneDNN: how a primitive descriptor is made. 2.x builds
// it from an operation descriptor (`desc`), which 3.x dropped; 3.x also wants the descriptor of a
// normalization's output and a pooling's dilation. Tried: 2.6 (Debian 12) and 3.7 (Debian 13), with
// which the normalizers pass their tests, but the gradients of a residual network are 3 to 5 % off
// (harness/nn/noise_test.cc).
//
// Each Make... returns the descriptor of the first implementation that oneDNN ranks; memory
// descriptors of format `any` let it choose the format. The caller's memory is always the
// scratchpad, so that executing never allocates and primitives of one descriptor do not share state
// between threads.
#pragma once

#include <dnnl_version.h>
#include <dnnl.hpp>
#include <type_traits>

#if DNNL_VERSION_MAJOR < 2 || (DNNL_VERSION_MAJOR == 2 && DNNL_VERSION_MINOR < 6)
#error "oneDNN 2.6 or later is needed: libdnnl-dev of Debian 12 or 13"
#endif
#if DNNL_VERSION_MAJOR > 3
#error "oneDNN 4.x is not supported yet: port this header, the only file that depends on it"
#endif

namespace normsweep::onednn {

using Dims = dnnl::memory::dims;
using MemoryDesc = dnnl::memory::desc;

inline Dims DimsOf(const MemoryDesc& desc) {
#if DNNL_VERSION_MAJOR == 2
  return desc.dims();
#else
  return desc.get_dims();
#endif
}

// Whether a normalization's backward takes beta, which it does not need. 3.x counts what it is
// given: 3.7's batch norm refuses it and its layer norm wants it.
template <class Backward>
constexpr bool kBackwardTakesShift =
    DNNL_VERSION_MAJOR == 2 || std::is_same_v<Backward, dnnl::layer_normalization_backward>;

inline dnnl::primitive_attr UserScratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

// The descriptor of a forward primitive.
template <class Primitive, class... Arguments>
typename Primitive::primitive_desc Describe(const dnnl::engine& engine,
                                            const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR == 2
  return {typename Primitive::desc(arguments...), UserScratchpad(), engine};
#else
  return {engine, arguments..., UserScratchpad()};
#endif
}

// The descriptor of a backward primitive, given that of its forward.
template <class Primitive, class Forward, class... Arguments>
typename Primitive::primitive_desc DescribeBackward(const dnnl::engine& engine,
                                                    const Forward& forward,
                                                    const Arguments&... arguments) {
#if DNNL_VERSION_MAJOR == 2
  return {typename Primitive::desc(arguments...), UserScratchpad(), engine, forward};
#else
  return {engine, arguments..., forward, UserScratchpad()};
#endif
}

inline dnnl::batch_normalization_forward::primitive_desc MakeBatchNormForward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& src, float eps,
    dnnl::normalization_flags flags) {
  using Primitive = dnnl::batch_normalization_forward;
#if DNNL_VERSION_MAJOR == 2
  return Describe<Primitive>(engine, kind, src, eps, flags);
#else
  return Describe<Primitive>(engine, kind, src, src, eps, flags);
#endif
}

inline dnnl::batch_normalization_backward::primitive_desc MakeBatchNormBackward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& diff_src,
    const MemoryDesc& src, float eps, dnnl::normalization_flags flags,
    const dnnl::batch_normalization_forward::primitive_desc& forward) {
  using Primitive = dnnl::batch_normalization_backward;
#if DNNL_VERSION_MAJOR == 2
  return DescribeBackward<Primitive>(engine, forward, kind, diff_src, src, eps, flags);
#else
  return DescribeBackward<Primitive>(engine, forward, kind, diff_src, diff_src, src, eps, flags);
#endif
}

inline dnnl::layer_normalization_forward::primitive_desc MakeLayerNormForward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& src,
    const MemoryDesc& statistics, float eps, dnnl::normalization_flags flags) {
  using Primitive = dnnl::layer_normalization_forward;
#if DNNL_VERSION_MAJOR == 2
  return Describe<Primitive>(engine, kind, src, statistics, eps, flags);
#else
  return Describe<Primitive>(engine, kind, src, src, statistics, eps, flags);
#endif
}

inline dnnl::layer_normalization_backward::primitive_desc MakeLayerNormBackward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& diff_src,
    const MemoryDesc& src, const MemoryDesc& statistics, float eps, dnnl::normalization_flags flags,
    const dnnl::layer_normalization_forward::primitive_desc& forward) {
  using Primitive = dnnl::layer_normalization_backward;
#if DNNL_VERSION_MAJOR == 2
  return DescribeBackward<Primitive>(engine, forward, kind, diff_src, src, statistics, eps, flags);
#else
  return DescribeBackward<Primitive>(engine, forward, kind, diff_src, diff_src, src, statistics,
                                     eps, flags);
#endif
}

// What a convolution or a pooling is, whichever direction it runs in.
struct Window {
  Dims strides, padding_low, padding_high;
};

// A bias descriptor of zero dimensions (MemoryDesc()) means no bias.
inline dnnl::convolution_forward::primitive_desc MakeConvolutionForward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& src,
    const MemoryDesc& weights, const MemoryDesc& bias, const MemoryDesc& dst,
    const Window& window) {
  return Describe<dnnl::convolution_forward>(engine, kind, dnnl::algorithm::convolution_direct, src,
                                             weights, bias, dst, window.strides, window.padding_low,
                                             window.padding_high);
}

inline dnnl::convolution_backward_data::primitive_desc MakeConvolutionBackwardData(
    const dnnl::engine& engine, const MemoryDesc& diff_src, const MemoryDesc& weights,
    const MemoryDesc& diff_dst, const Window& window,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return DescribeBackward<dnnl::convolution_backward_data>(
      engine, forward, dnnl::algorithm::convolution_direct, diff_src, weights, diff_dst,
      window.strides, window.padding_low, window.padding_high);
}

inline dnnl::convolution_backward_weights::primitive_desc MakeConvolutionBackwardWeights(
    const dnnl::engine& engine, const MemoryDesc& src, const MemoryDesc& diff_weights,
    const MemoryDesc& diff_bias, const MemoryDesc& diff_dst, const Window& window,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return DescribeBackward<dnnl::convolution_backward_weights>(
      engine, forward, dnnl::algorithm::convolution_direct, src, diff_weights, diff_bias, diff_dst,
      window.strides, window.padding_low, window.padding_high);
}

inline dnnl::inner_product_forward::primitive_desc MakeInnerProductForward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& src,
    const MemoryDesc& weights, const MemoryDesc& bias, const MemoryDesc& dst) {
  return Describe<dnnl::inner_product_forward>(engine, kind, src, weights, bias, dst);
}

inline dnnl::inner_product_backward_data::primitive_desc MakeInnerProductBackwardData(
    const dnnl::engine& engine, const MemoryDesc& diff_src, const MemoryDesc& weights,
    const MemoryDesc& diff_dst, const dnnl::inner_product_forward::primitive_desc& forward) {
  return DescribeBackward<dnnl::inner_product_backward_data>(engine, forward, diff_src, weights,
                                                             diff_dst);
}

inline dnnl::inner_product_backward_weights::primitive_desc MakeInnerProductBackwardWeights(
    const dnnl::engine& engine, const MemoryDesc& src, const MemoryDesc& diff_weights,
    const MemoryDesc& diff_bias, const MemoryDesc& diff_dst,
    const dnnl::inner_product_forward::primitive_desc& forward) {
  return DescribeBackward<dnnl::inner_product_backward_weights>(engine, forward, src, diff_weights,
                                                                diff_bias, diff_dst);
}

inline dnnl::pooling_forward::primitive_desc MakePoolingForward(
    const dnnl::engine& engine, dnnl::prop_kind kind, dnnl::algorithm algorithm,
    const MemoryDesc& src, const MemoryDesc& dst, const Dims& kernel, const Window& window) {
  using Primitive = dnnl::pooling_forward;
#if DNNL_VERSION_MAJOR == 2
  return Describe<Primitive>(engine, kind, algorithm, src, dst, window.strides, kernel,
                             window.padding_low, window.padding_high);
#else
  const Dims dilation(kernel.size(), 0);  // 0: the values of a window are neighbors
  return Describe<Primitive>(engine, kind, algorithm, src, dst, window.strides, kernel, dilation,
                             window.padding_low, window.padding_high);
#endif
}

inline dnnl::pooling_backward::primitive_desc MakePoolingBackward(
    const dnnl::engine& engine, dnnl::algorithm algorithm, const MemoryDesc& diff_src,
    const MemoryDesc& diff_dst, const Dims& kernel, const Window& window,
    const dnnl::pooling_forward::primitive_desc& forward) {
  using Primitive = dnnl::pooling_backward;
#if DNNL_VERSION_MAJOR == 2
  return DescribeBackward<Primitive>(engine, forward, algorithm, diff_src, diff_dst, window.strides,
                                     kernel, window.padding_low, window.padding_high);
#else
  const Dims dilation(kernel.size(), 0);
  return DescribeBackward<Primitive>(engine, forward, algorithm, diff_src, diff_dst, window.strides,
                                     kernel, dilation, window.padding_low, window.padding_high);
#endif
}

}  // namespace normsweep::onednn
