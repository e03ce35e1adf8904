#include "harness/run/runner.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace normsweep {
namespace {

// Shared by the workers and the one who waits for them; outlives whoever leaves first.
struct Shared {
  std::shared_ptr<Experiment> experiment;
  std::vector<nlohmann::json> cases;
  int threads_per_case = 1;

  std::atomic<size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by the mutex:
  std::vector<std::vector<CaseResult>> results;
  std::vector<bool> finished;  // their results are not written to any more
  size_t done = 0;
  std::optional<RunBroke> error;
};

void Finish(Shared* state, size_t index, std::vector<CaseResult> result) {
  const std::lock_guard lock(state->mutex);
  state->results[index] = std::move(result);
  state->finished[index] = true;
  ++state->done;
  state->changed.notify_one();
}

void Fail(Shared* state, size_t index, const char* what) {
  const std::lock_guard lock(state->mutex);
  if (!state->error) state->error.emplace(index, what);
  state->stop = true;
  state->changed.notify_one();
}

void Work(const std::shared_ptr<Shared>& state) {
  omp_set_num_threads(state->threads_per_case);  // of this thread, before it makes a primitive
  while (!state->stop) {
    const size_t index = state->next++;
    if (index >= state->cases.size()) return;
    try {
      Finish(state.get(), index, state->experiment->Run(state->cases[index]));
    } catch (const std::exception& error) {
      Fail(state.get(), index, error.what());
    } catch (...) {
      Fail(state.get(), index, "an exception of an unknown type");
    }
  }
}

// True when all are done; false when interrupted. Throws RunBroke.
bool Wait(Shared* state, const RunnerOptions& options) {
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  size_t seen = 0;
  std::vector<bool> finished;
  for (;;) {
    std::unique_lock lock(state->mutex);
    // A signal cannot notify, so it is looked for ten times a second.
    state->changed.wait_for(lock, std::chrono::milliseconds(100),
                            [&] { return state->error || state->done != seen; });
    const size_t done = state->done;
    if (done != seen || finished.empty()) finished = state->finished;
    seen = done;
    const std::optional<RunBroke> error = state->error;
    lock.unlock();
    if (error) throw RunBroke(*error);
    if (options.interrupted != nullptr && *options.interrupted != 0) return false;
    if (options.on_progress) {
      const std::chrono::duration<double> seconds = Clock::now() - start;
      options.on_progress({done, seconds.count(), finished, state->results});
    }
    if (done == state->cases.size()) return true;
  }
}

}  // namespace

std::optional<std::vector<std::vector<CaseResult>>> RunCases(std::shared_ptr<Experiment> experiment,
                                                             std::vector<nlohmann::json> cases,
                                                             const RunnerOptions& options) {
  const auto state = std::make_shared<Shared>();
  state->experiment = std::move(experiment);
  state->cases = std::move(cases);
  state->threads_per_case = options.threads_per_case;
  state->results.resize(state->cases.size());
  state->finished.resize(state->cases.size());
  const size_t jobs = std::min(static_cast<size_t>(options.jobs), state->cases.size());
  std::vector<std::thread> workers;
  const auto leave = [&](void (std::thread::*how)()) {
    state->stop = true;
    for (std::thread& worker : workers) (worker.*how)();
  };
  try {
    for (size_t i = 0; i < jobs; ++i) workers.emplace_back(Work, state);
    const bool complete = Wait(state.get(), options);
    leave(complete ? &std::thread::join : &std::thread::detach);
    if (!complete) return std::nullopt;
  } catch (...) {
    leave(&std::thread::detach);
    throw;
  }
  return std::move(state->results);
}

}  // namespace normsweep
