// Who takes part in a case of experiment `speed`.
//
// | contestant      | what the clock sees                                                        |
// |-----------------|----------------------------------------------------------------------------|
// | native          | ours                                                                       |
// | native_again    | ours again: how far two equal things differ here is the noise floor        |
// | onednn          | oneDNN on the case's own layout; composite where it has no such primitive  |
// | onednn_blocked  | oneDNN's batch norm on the layout it likes best; the reorder is apart      |
// | torch           | libtorch on the case's own layout, in a build that has it                  |
// | none            | nothing: what the harness itself costs                                     |
// | copy            | as many bytes as the call reads and writes, copied with ordinary stores    |
// | copy_streaming  | the same with non-temporal stores                                          |
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "harness/experiments/speed/buffers.h"
#include "harness/experiments/speed/speed_case.h"
#include "harness/experiments/speed/statistics.h"

namespace normsweep {

// The values that every contestant starts from, rounded to float32.
struct StartState {
  using Named = std::pair<std::string, std::vector<double>>;
  std::vector<Named> parameters, buffers;
};

struct ContestantInput {
  const SpeedCase& speed_case;
  const BufferSets& sets;
  const StartState& start;
};

struct ContestantInfo {
  std::string implementation;         // instruction set, or the peer's own string
  bool composite = false;             // part of the work is done outside the peer's own primitive
  std::optional<double> creation_ns;  // with the first call; oneDNN has its primitive cached
  std::optional<double> reorder_ns;   // to its own layout and back
};

class Contestant {
 public:
  virtual ~Contestant() = default;
  Contestant() = default;
  Contestant(const Contestant&) = delete;
  Contestant& operator=(const Contestant&) = delete;

  virtual void Call(size_t set) = 0;  // what is timed, on one set of buffers
  // Puts the output of the last Call where the check looks for it, in the set's `out`.
  virtual void Store(size_t /*set*/) {}
  // Whose `gradient` the Backward calls have added to.
  virtual std::span<const Parameter> Parameters() { return {}; }

  const ContestantInfo& info() const { return info_; }

 protected:
  ContestantInfo info_;
};

enum class Role {
  kReal,   // computes; checked against the reference
  kCopy,   // a yardstick
  kEmpty,  // nothing
};

struct ContestantKind {
  const char* name;
  Role role;
  const char* backend;  // whose tolerance it is held to; null for what computes nothing
  // Ready to be called on every set. Null, with the reason, where it cannot take part. May throw
  // Error (for a tensor that the normalizer refuses).
  std::unique_ptr<Contestant> (*make)(const ContestantInput& input, std::string* why_not);
};
std::span<const ContestantKind> ContestantKinds();
const ContestantKind& FindContestant(const std::string& name);  // throws UnknownNameError

// contestant_blocked.cc
std::unique_ptr<Contestant> MakeBlockedContestant(const ContestantInput& input,
                                                  std::string* why_not);

// Seconds on the clock of all times here, std::chrono::steady_clock.
double SecondsNow();

// The nanoseconds that `create` takes, median of five, fewer where they would take more than a
// tenth of a second.
template <class Create>
double CreationNs(const Create& create) {
  constexpr size_t kCreations = 5;
  constexpr double kMostSeconds = 0.1;
  std::vector<double> ns;
  double sum = 0;
  while (ns.size() < kCreations && sum < kMostSeconds) {
    const double start = SecondsNow();
    create();
    const double seconds = SecondsNow() - start;
    sum += seconds;
    ns.push_back(seconds * 1e9);
  }
  return MedianOf(std::move(ns));
}

}  // namespace normsweep
