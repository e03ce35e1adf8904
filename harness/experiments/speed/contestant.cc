#include "harness/experiments/speed/contestant.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "harness/experiments/speed/copy_kernels.h"
#include "norms/errors.h"
#include "norms/parallel.h"

namespace normsweep {
namespace {

void Put(const StartState::Named& named, std::span<const TensorView> views,
         std::span<const std::string> names) {
  for (size_t i = 0; i < views.size(); ++i) {
    if (names[i] != named.first) continue;
    for (size_t j = 0; j < named.second.size(); ++j) {
      Set(views[i], static_cast<int64_t>(j), named.second[j]);
    }
  }
}

void PutStart(const StartState& start, Normalizer* normalizer) {
  std::vector<TensorView> views;
  std::vector<std::string> names;
  for (const Parameter& parameter : normalizer->Parameters()) {
    views.push_back(parameter.value);
    names.push_back(parameter.name);
  }
  for (const auto& named : start.parameters) Put(named, views, names);
  views.clear();
  names.clear();
  for (const Buffer& buffer : normalizer->Buffers()) {
    views.push_back(buffer.value);
    names.push_back(buffer.name);
  }
  for (const auto& named : start.buffers) Put(named, views, names);
}

// A row of the library's registry.
class NormalizerContestant final : public Contestant {
 public:
  NormalizerContestant(const ContestantInput& input, const NormalizerSpec& spec)
      : case_(input.speed_case), sets_(input.sets) {
    info_.creation_ns = CreationNs([&] {
      normalizer_ = Create(spec, case_.shape);
      Forward(0);
      if (case_.backward()) Call(0);
    });
    normalizer_ = Create(spec, case_.shape);
    PutStart(input.start, normalizer_.get());
    if (case_.backward()) Forward(0);
  }

  void Call(size_t set) override {
    if (!case_.backward()) {
      Forward(set);
      return;
    }
    const CallBuffers& at = sets_[set];
    normalizer_->Backward({at.x, case_.shape}, {at.dy, case_.shape}, {at.out, case_.shape});
  }
  // Of the call that was checked, and is timed: torch decides both in every call.
  void Store(size_t /*set*/) override {
    info_.implementation = normalizer_->Info().implementation;
    info_.composite = normalizer_->Info().composite;
  }
  std::span<const Parameter> Parameters() override { return normalizer_->Parameters(); }

 private:
  void Forward(size_t set) {
    const CallBuffers& at = sets_[set];
    normalizer_->Forward(case_.forward_mode(), {at.x, case_.shape}, {at.out, case_.shape});
  }

  const SpeedCase& case_;
  const BufferSets& sets_;
  std::unique_ptr<Normalizer> normalizer_;
};

// The first of these backends that can do it.
std::unique_ptr<Contestant> MakeFromRegistry(const ContestantInput& input,
                                             std::initializer_list<const char*> backends,
                                             std::string* why_not) {
  NormalizerSpec spec = input.speed_case.spec;
  for (const char* backend : backends) {
    spec.backend = backend;
    const auto known = Backends();
    const bool exists = std::any_of(known.begin(), known.end(),
                                    [&](const char* name) { return spec.backend == name; });
    if (!exists) {
      *why_not = "this build has no backend " + spec.backend;
    } else if (Create(spec, input.speed_case.shape, why_not) != nullptr) {
      return std::make_unique<NormalizerContestant>(input, spec);
    }
  }
  return nullptr;
}

std::unique_ptr<Contestant> MakeNative(const ContestantInput& input, std::string* why_not) {
  return MakeFromRegistry(input, {"native"}, why_not);
}

std::unique_ptr<Contestant> MakeOnednn(const ContestantInput& input, std::string* why_not) {
  return MakeFromRegistry(input, {"onednn", "onednn_composite"}, why_not);
}

std::unique_ptr<Contestant> MakeTorch(const ContestantInput& input, std::string* why_not) {
  return MakeFromRegistry(input, {"torch"}, why_not);
}

class Nothing final : public Contestant {
 public:
  void Call(size_t /*set*/) override {}
};

std::unique_ptr<Contestant> MakeNothing(const ContestantInput& /*input*/,
                                        std::string* /*why_not*/) {
  return std::make_unique<Nothing>();
}

template <void (*kCopy)(const float*, float*, int64_t)>
class Copy final : public Contestant {
 public:
  explicit Copy(const BufferSets& sets) : sets_(sets) {}

  // One share a thread, on lines of the cache; alone below the size at which native is.
  void Call(size_t set) override {
    const CallBuffers& at = sets_[set];
    const int64_t n = sets_.copy_size(), threads = ThreadCount();
    const int64_t share = (n / threads / kLineFloats + 1) * kLineFloats;
    ParallelFor(threads, sets_.size(), [&](int64_t i) {
      const int64_t first = std::min(i * share, n);
      kCopy(at.copy_in + first, at.copy_out + first, std::min(share, n - first));
    });
  }

 private:
  const BufferSets& sets_;
};

template <void (*kCopy)(const float*, float*, int64_t)>
std::unique_ptr<Contestant> MakeCopy(const ContestantInput& input, std::string* /*why_not*/) {
  return std::make_unique<Copy<kCopy>>(input.sets);
}

constexpr std::array kKinds = {
    ContestantKind{"native", Role::kReal, "native", MakeNative},
    ContestantKind{"native_again", Role::kReal, "native", MakeNative},
    ContestantKind{"onednn", Role::kReal, "onednn", MakeOnednn},
    ContestantKind{"onednn_blocked", Role::kReal, "onednn", MakeBlockedContestant},
    ContestantKind{"torch", Role::kReal, "torch", MakeTorch},
    ContestantKind{"none", Role::kEmpty, nullptr, MakeNothing},
    ContestantKind{"copy", Role::kCopy, nullptr, MakeCopy<CopyPlain>},
    ContestantKind{"copy_streaming", Role::kCopy, nullptr, MakeCopy<CopyStreaming>},
};

}  // namespace

std::span<const ContestantKind> ContestantKinds() { return kKinds; }

const ContestantKind& FindContestant(const std::string& name) {
  for (const ContestantKind& kind : kKinds) {
    if (name == kind.name) return kind;
  }
  throw UnknownNameError("unknown contestant \"" + name + "\", expected one of" +
                         QuotedNames(kKinds, &ContestantKind::name));
}

double SecondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace normsweep
