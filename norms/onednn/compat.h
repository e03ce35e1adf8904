// Everything that depends on the version of oneDNN: how a primitive descriptor is made. 2.x builds
// it from an operation descriptor (`desc`), which 3.x dropped. 2.6 is the oldest one tried.
//
// Each Make... returns the descriptor of the first implementation that oneDNN ranks; memory
// descriptors of format `any` let it choose the format. The caller's memory is always the
// scratchpad, so that executing never allocates and primitives of one descriptor do not share state
// between threads.
#pragma once

#include <dnnl_version.h>
#include <dnnl.hpp>

#if DNNL_VERSION_MAJOR < 2 || (DNNL_VERSION_MAJOR == 2 && DNNL_VERSION_MINOR < 6)
#error "oneDNN 2.6 or a later 2.x is needed: libdnnl-dev of Debian 12"
#endif
#if DNNL_VERSION_MAJOR > 2
#error "oneDNN 3.x is not supported yet: port this header, the only file that depends on it"
#endif

namespace normsweep::onednn {

using Dims = dnnl::memory::dims;
using MemoryDesc = dnnl::memory::desc;

inline dnnl::primitive_attr UserScratchpad() {
  dnnl::primitive_attr attributes;
  attributes.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  return attributes;
}

inline dnnl::batch_normalization_forward::primitive_desc MakeBatchNormForward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& src, float eps,
    dnnl::normalization_flags flags) {
  return {{kind, src, eps, flags}, UserScratchpad(), engine};
}

inline dnnl::batch_normalization_backward::primitive_desc MakeBatchNormBackward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& diff_src,
    const MemoryDesc& src, float eps, dnnl::normalization_flags flags,
    const dnnl::batch_normalization_forward::primitive_desc& forward) {
  return {{kind, diff_src, src, eps, flags}, UserScratchpad(), engine, forward};
}

inline dnnl::layer_normalization_forward::primitive_desc MakeLayerNormForward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& src,
    const MemoryDesc& statistics, float eps, dnnl::normalization_flags flags) {
  return {{kind, src, statistics, eps, flags}, UserScratchpad(), engine};
}

inline dnnl::layer_normalization_backward::primitive_desc MakeLayerNormBackward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& diff_src,
    const MemoryDesc& src, const MemoryDesc& statistics, float eps, dnnl::normalization_flags flags,
    const dnnl::layer_normalization_forward::primitive_desc& forward) {
  return {{kind, diff_src, src, statistics, eps, flags}, UserScratchpad(), engine, forward};
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
  return {{kind, dnnl::algorithm::convolution_direct, src, weights, bias, dst, window.strides,
           window.padding_low, window.padding_high},
          UserScratchpad(),
          engine};
}

inline dnnl::convolution_backward_data::primitive_desc MakeConvolutionBackwardData(
    const dnnl::engine& engine, const MemoryDesc& diff_src, const MemoryDesc& weights,
    const MemoryDesc& diff_dst, const Window& window,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {{dnnl::algorithm::convolution_direct, diff_src, weights, diff_dst, window.strides,
           window.padding_low, window.padding_high},
          UserScratchpad(),
          engine,
          forward};
}

inline dnnl::convolution_backward_weights::primitive_desc MakeConvolutionBackwardWeights(
    const dnnl::engine& engine, const MemoryDesc& src, const MemoryDesc& diff_weights,
    const MemoryDesc& diff_bias, const MemoryDesc& diff_dst, const Window& window,
    const dnnl::convolution_forward::primitive_desc& forward) {
  return {{dnnl::algorithm::convolution_direct, src, diff_weights, diff_bias, diff_dst,
           window.strides, window.padding_low, window.padding_high},
          UserScratchpad(),
          engine,
          forward};
}

inline dnnl::inner_product_forward::primitive_desc MakeInnerProductForward(
    const dnnl::engine& engine, dnnl::prop_kind kind, const MemoryDesc& src,
    const MemoryDesc& weights, const MemoryDesc& bias, const MemoryDesc& dst) {
  return {{kind, src, weights, bias, dst}, UserScratchpad(), engine};
}

inline dnnl::inner_product_backward_data::primitive_desc MakeInnerProductBackwardData(
    const dnnl::engine& engine, const MemoryDesc& diff_src, const MemoryDesc& weights,
    const MemoryDesc& diff_dst, const dnnl::inner_product_forward::primitive_desc& forward) {
  return {{diff_src, weights, diff_dst}, UserScratchpad(), engine, forward};
}

inline dnnl::inner_product_backward_weights::primitive_desc MakeInnerProductBackwardWeights(
    const dnnl::engine& engine, const MemoryDesc& src, const MemoryDesc& diff_weights,
    const MemoryDesc& diff_bias, const MemoryDesc& diff_dst,
    const dnnl::inner_product_forward::primitive_desc& forward) {
  return {{src, diff_weights, diff_bias, diff_dst}, UserScratchpad(), engine, forward};
}

inline dnnl::pooling_forward::primitive_desc MakePoolingForward(
    const dnnl::engine& engine, dnnl::prop_kind kind, dnnl::algorithm algorithm,
    const MemoryDesc& src, const MemoryDesc& dst, const Dims& kernel, const Window& window) {
  return {
      {kind, algorithm, src, dst, window.strides, kernel, window.padding_low, window.padding_high},
      UserScratchpad(),
      engine};
}

inline dnnl::pooling_backward::primitive_desc MakePoolingBackward(
    const dnnl::engine& engine, dnnl::algorithm algorithm, const MemoryDesc& diff_src,
    const MemoryDesc& diff_dst, const Dims& kernel, const Window& window,
    const dnnl::pooling_forward::primitive_desc& forward) {
  return {{algorithm, diff_src, diff_dst, window.strides, kernel, window.padding_low,
           window.padding_high},
          UserScratchpad(),
          engine,
          forward};
}

}  // namespace normsweep::onednn
