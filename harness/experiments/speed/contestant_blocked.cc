// oneDNN's batch norm in the memory format that it likes best (norms/onednn/blocked.h).
#include <algorithm>
#include <array>

#include "harness/experiments/speed/contestant.h"
#include "norms/onednn/blocked.h"

namespace normsweep {
namespace {

using onednn::BlockedBatchNorm;

// Each set of buffers needs a primitive with memory of its own; so many take a second to make.
constexpr size_t kMostSets = 512;

void PutStart(const StartState& start, BlockedBatchNorm* blocked) {
  const std::array<std::pair<const char*, std::span<float>>, 4> places = {
      {{"gamma", blocked->gamma()},
       {"beta", blocked->beta()},
       {"running_mean", blocked->mean()},
       {"running_var", blocked->variance()}}};
  for (const auto& list : {start.parameters, start.buffers}) {
    for (const auto& [name, values] : list) {
      for (const auto& [place, to] : places) {
        if (name == place && to.size() == values.size()) {
          std::transform(values.begin(), values.end(), to.begin(),
                         [](double value) { return static_cast<float>(value); });
        }
      }
    }
  }
}

class Blocked final : public Contestant {
 public:
  explicit Blocked(const ContestantInput& input) : case_(input.speed_case), sets_(input.sets) {
    info_.creation_ns = CreationNs([&] {
      const auto one = Make(case_, nullptr);
      one->Load(sets_[0].x, sets_[0].dy);
      Run(one.get());
    });
    for (size_t i = 0; i < sets_.count(); ++i) {
      of_sets_.push_back(Make(case_, nullptr));
      PutStart(input.start, of_sets_.back().get());
      of_sets_.back()->Load(sets_[i].x, sets_[i].dy);
      Run(of_sets_.back().get());
    }
    info_.implementation = of_sets_[0]->Implementation() + " " + of_sets_[0]->format();
    MeasureReorders();
    AddGradient("gamma", of_sets_[0]->dgamma(), &dgamma_);
    AddGradient("beta", of_sets_[0]->dbeta(), &dbeta_);
  }

  static std::unique_ptr<BlockedBatchNorm> Make(const SpeedCase& one, std::string* why_not) {
    return BlockedBatchNorm::Make(one.spec.options, one.shape, one.forward_mode(), why_not);
  }

  void Call(size_t set) override {
    if (case_.backward()) {
      of_sets_[set]->Backward();
    } else {
      of_sets_[set]->Forward();
    }
  }

  void Store(size_t set) override {
    StoreTo(set);
    const auto take = [](std::span<const float> from, std::vector<float>* to) {
      std::copy(from.begin(), from.end(), to->begin());
    };
    take(of_sets_[set]->dgamma(), &dgamma_);
    take(of_sets_[set]->dbeta(), &dbeta_);
  }
  std::span<const Parameter> Parameters() override { return parameters_; }

 private:
  void Run(BlockedBatchNorm* one) const {
    one->Forward();
    if (case_.backward()) one->Backward();
  }

  void StoreTo(size_t set) {
    if (case_.backward()) {
      of_sets_[set]->StoreBackward(sets_[set].out);
    } else {
      of_sets_[set]->StoreForward(sets_[set].out);
    }
  }

  void MeasureReorders() {
    constexpr int kTimes = 5;
    std::vector<double> ns;
    for (int i = 0; i < kTimes; ++i) {
      const double start = SecondsNow();
      of_sets_[0]->Load(sets_[0].x, sets_[0].dy);
      const double loaded = SecondsNow();
      Run(of_sets_[0].get());
      const double computed = SecondsNow();
      StoreTo(0);
      ns.push_back((SecondsNow() - computed + loaded - start) * 1e9);
    }
    info_.reorder_ns = MedianOf(ns);
  }

  void AddGradient(const char* name, std::span<const float> gradient, std::vector<float>* storage) {
    storage->resize(gradient.size());
    if (gradient.empty()) return;
    const Shape shape{1, static_cast<int64_t>(gradient.size()), 1, case_.shape.layout};
    parameters_.push_back({name, {storage->data(), shape}, {storage->data(), shape}});
  }

  const SpeedCase& case_;
  const BufferSets& sets_;
  std::vector<std::unique_ptr<BlockedBatchNorm>> of_sets_;
  std::vector<float> dgamma_, dbeta_;
  std::vector<Parameter> parameters_;
};

}  // namespace

std::unique_ptr<Contestant> MakeBlockedContestant(const ContestantInput& input,
                                                  std::string* why_not) {
  if (input.speed_case.spec.name != "batch") {
    *why_not = "a blocked layout is oneDNN's for batch normalization only";
    return nullptr;
  }
  if (input.sets.count() > kMostSets) {
    *why_not = "a cold case of " + std::to_string(input.sets.count()) +
               " sets of buffers needs as many primitives, expected at most " +
               std::to_string(kMostSets);
    return nullptr;
  }
  if (Blocked::Make(input.speed_case, why_not) == nullptr) return nullptr;
  return std::make_unique<Blocked>(input);
}

}  // namespace normsweep
