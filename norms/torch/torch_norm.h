// The `torch` backend: libtorch's operators behind the Normalizer interface, a peer for speed and
// correctness, and optional: everything builds and runs without libtorch too.
//
// The operators live in a module of their own, the only code that links libtorch, and it is loaded
// when the first normalizer of this backend is made: linked into every program, the 280 libraries
// that Debian's libtorch brings would take each of them 0.4 s of processor time to start.
#pragma once

#include <memory>
#include <string>

#include "norms/normalizer.h"

namespace normsweep {

// Null with *why_not for what torch's operators do not have, or where the module cannot be loaded.
std::unique_ptr<Normalizer> MakeTorchBatch(const nlohmann::json& options, const Shape& shape,
                                           std::string* why_not);
std::unique_ptr<Normalizer> MakeTorchLayer(const nlohmann::json& options, const Shape& shape,
                                           std::string* why_not);
std::unique_ptr<Normalizer> MakeTorchInstance(const nlohmann::json& options, const Shape& shape,
                                              std::string* why_not);
std::unique_ptr<Normalizer> MakeTorchGroup(const nlohmann::json& options, const Shape& shape,
                                           std::string* why_not);
std::unique_ptr<Normalizer> MakeTorchWeight(const nlohmann::json& options, const Shape& shape,
                                            std::string* why_not);

}  // namespace normsweep
