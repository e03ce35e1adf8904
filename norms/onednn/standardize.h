// oneDNN's two normalization primitives behind one face: y = (x - mean) / sqrt(variance + eps) over
// sets of a dense float32 tensor, times gamma plus beta, and relu of it, where the primitive takes
// them.
#pragma once

#include <cstdint>
#include <dnnl.hpp>
#include <memory>
#include <string>

#include "norms/tensor.h"

namespace normsweep::onednn {

struct StandardizeOptions {
  float eps = 1e-5F;
  bool affine = false;            // gamma and beta, one a channel (batch) or an element (layer)
  bool given_statistics = false;  // mean and variance are inputs, and constants in backward
  bool relu = false;              // batch only
};

class Standardize {
 public:
  struct ForwardArguments {
    const float* x;
    float* y;
    float* mean;  // one a set; written unless given
    float* variance;
    const float* gamma;  // with affine only
    const float* beta;
    void* workspace;  // with relu only: WorkspaceBytes(), kept for the Backward
  };
  struct BackwardArguments {
    const float* x;
    const float* dy;
    float* dx;
    const float* mean;
    const float* variance;
    const float* gamma;
    const float* beta;  // not used, but oneDNN 2.6 wants it
    float* dgamma;      // overwritten
    float* dbeta;
    void* workspace;  // as the Forward left it
  };
  virtual ~Standardize() = default;
  virtual void Forward(const ForwardArguments& arguments) = 0;
  virtual void Backward(const BackwardArguments& arguments) = 0;
  virtual std::string Implementation() const = 0;  // oneDNN's own name of it
  virtual size_t WorkspaceBytes() const = 0;
};

// How oneDNN describes the memory of an activation tensor: [N, C, S, 1] as nchw or nhwc.
dnnl::memory::desc PlainDesc(const Shape& shape);

// Sets are the channels of `shape`.
std::unique_ptr<Standardize> MakeBatchPrimitive(const Shape& shape,
                                                const StandardizeOptions& options);
// The same for x, y, dx and dy in any format of [N, C, H, W]. Throws dnnl::error for one that
// oneDNN cannot take.
std::unique_ptr<Standardize> MakeBatchPrimitive(const dnnl::memory::desc& tensor,
                                                const StandardizeOptions& options);
// Sets are `rows` rows of `length` values side by side.
std::unique_ptr<Standardize> MakeLayerPrimitive(int64_t rows, int64_t length,
                                                const StandardizeOptions& options);

}  // namespace normsweep::onednn
