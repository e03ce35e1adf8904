// The `onednn` and `onednn_composite` backends: oneDNN's primitives behind the Normalizer
// interface.
//
// onednn: the operation's own primitive (batch, layer). onednn_composite: layer, instance and group
// through the batch normalization primitive, so that one reference covers them all: over a view of
// the tensor whose channels are the sets,
//   channels_first         [N, C, S] as [1, N G, C/G S], G = 1 for layer and C for instance
//   channels_last  layer   [1, N, C S]
//                  instance  N calls on [1, C, S]
//                  group   copied to channels_first and back
// gamma and beta, and their gradients, are then this adapter's (Info().composite), as they are
// where layer norm has one gamma a channel. A fused relu is the batch primitive's own in `onednn`
// (fuse_norm_relu), and everywhere else a pass of the adapter's (composite). Running statistics are
// the adapter's always: oneDNN returns the biased batch variance and keeps nothing.
#pragma once

#include <memory>
#include <string>

#include "norms/normalizer.h"

namespace normsweep {

std::unique_ptr<Normalizer> MakeOnednnBatch(const nlohmann::json& options, const Shape& shape,
                                            std::string* why_not);
std::unique_ptr<Normalizer> MakeOnednnLayer(const nlohmann::json& options, const Shape& shape,
                                            std::string* why_not);
std::unique_ptr<Normalizer> MakeOnednnCompositeLayer(const nlohmann::json& options,
                                                     const Shape& shape, std::string* why_not);
std::unique_ptr<Normalizer> MakeOnednnCompositeInstance(const nlohmann::json& options,
                                                        const Shape& shape, std::string* why_not);
std::unique_ptr<Normalizer> MakeOnednnCompositeGroup(const nlohmann::json& options,
                                                     const Shape& shape, std::string* why_not);

}  // namespace normsweep
