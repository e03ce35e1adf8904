// Every normalizer of every backend, by name.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "norms/normalizer.h"
#include "norms/options.h"

namespace normsweep {

struct NormalizerSpec {
  std::string name;                // "batch"
  std::string backend = "native";  // one of Backends()
  nlohmann::json options = nlohmann::json::object();
};

// One combination of normalizer and backend; `factory` is null where `why_not` says that it cannot
// be.
struct RegistryRow {
  const char* name;
  const char* backend;
  // May return null with *why_not for a shape or an option that this backend cannot do.
  std::unique_ptr<Normalizer> (*factory)(const nlohmann::json& options, const Shape& shape,
                                         std::string* why_not);
  const char* why_not;
};
std::span<const RegistryRow> Registry();

// What a name stands for, in every backend.
struct NormalizerKind {
  const char* name;
  const char* paper;    // arXiv number, or ""
  const char* summary;  // one line
  Target target;
  // Reads `options` as Create does (OptionError) and returns what it declares.
  std::vector<OptionHelp> (*options)(const nlohmann::json& options);
};
std::span<const NormalizerKind> NormalizerKinds();

// The part of Create's errors that needs no shape. Throws UnknownNameError or OptionError, with a
// pointer relative to `options`.
void CheckOptions(const std::string& name, const nlohmann::json& options);
std::span<const char* const> Backends();

// Throws UnknownNameError, OptionError (pointers relative to spec.options) or ShapeError. Returns
// null, with the reason in *why_not if given, where the backend cannot do what is asked.
// C and S are fixed by `shape`, and so is N for a weight; N of an activation is only a hint.
std::unique_ptr<Normalizer> Create(const NormalizerSpec& spec, const Shape& shape,
                                   std::string* why_not = nullptr);

}  // namespace normsweep
