#include "norms/torch/torch_norm.h"

#include <dlfcn.h>

#include "norms/torch/torch_module.h"

namespace normsweep {
namespace {

struct Module {
  decltype(&NormsweepMakeTorch) make = nullptr;
  std::string why_not;  // where make is null
};

Module Load() {
  Module module;
  // An installed program has the module's folder in its run path, the build tree's have not. Never
  // closed: libtorch keeps state in threads that it does not own.
  for (const char* path :
       {NORMSWEEP_TORCH_MODULE, NORMSWEEP_TORCH_BUILD "/" NORMSWEEP_TORCH_MODULE}) {
    void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    void* symbol = library == nullptr ? nullptr : dlsym(library, "NormsweepMakeTorch");
    module.make = reinterpret_cast<decltype(module.make)>(symbol);
    if (symbol != nullptr) break;
    module.why_not += module.why_not.empty() ? "cannot load libtorch: " : "; ";
    module.why_not += dlerror();
  }
  return module;
}

std::unique_ptr<Normalizer> Make(const char* name, const nlohmann::json& options,
                                 const Shape& shape, std::string* why_not) {
  static const Module module = Load();
  if (module.make == nullptr) {
    *why_not = module.why_not;
    return nullptr;
  }
  return std::unique_ptr<Normalizer>(module.make(name, options, shape, why_not));
}

}  // namespace

std::unique_ptr<Normalizer> MakeTorchBatch(const nlohmann::json& options, const Shape& shape,
                                           std::string* why_not) {
  return Make("batch", options, shape, why_not);
}

std::unique_ptr<Normalizer> MakeTorchLayer(const nlohmann::json& options, const Shape& shape,
                                           std::string* why_not) {
  return Make("layer", options, shape, why_not);
}

std::unique_ptr<Normalizer> MakeTorchInstance(const nlohmann::json& options, const Shape& shape,
                                              std::string* why_not) {
  return Make("instance", options, shape, why_not);
}

std::unique_ptr<Normalizer> MakeTorchGroup(const nlohmann::json& options, const Shape& shape,
                                           std::string* why_not) {
  return Make("group", options, shape, why_not);
}

std::unique_ptr<Normalizer> MakeTorchWeight(const nlohmann::json& options, const Shape& shape,
                                            std::string* why_not) {
  return Make("weight", options, shape, why_not);
}

}  // namespace normsweep
