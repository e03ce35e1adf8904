#include "harness/run/runner.h"

#include <omp.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <new>
#include <thread>
#include <utility>

namespace normsweep {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Shared by the workers and the one who waits for them; outlives whoever leaves first.
struct Shared {
  std::function<std::vector<CaseResult>(size_t index, const std::atomic<bool>& stop)> run;
  std::vector<size_t> order;  // the cases to run
  int threads_per_case = 1;

  std::atomic<size_t> next = 0;
  std::atomic<bool> stop = false;
  std::mutex mutex;
  std::condition_variable changed;
  // Guarded by the mutex:
  const RunnerOptions* options = nullptr;  // none once nobody waits
  std::vector<std::vector<CaseResult>> results;
  std::vector<bool> finished;  // their results are not written to any more
  size_t done = 0;
  std::exception_ptr error;
};

void Fail(Shared* state, std::exception_ptr error) {
  const std::lock_guard lock(state->mutex);
  if (!state->error) state->error = std::move(error);
  state->stop = true;
  state->changed.notify_one();
}

void Finish(Shared* state, size_t index, std::vector<CaseResult> rows, double seconds) {
  const std::lock_guard lock(state->mutex);
  // Whoever keeps the results is gone, or has failed to keep one.
  if (state->options == nullptr || state->error) return;
  if (state->options->on_finished) state->options->on_finished(index, &rows, seconds);
  state->results[index] = std::move(rows);
  state->finished[index] = true;
  ++state->done;
  state->changed.notify_one();
}

std::vector<CaseResult> RunOne(const Shared& state, size_t index) {
  try {
    return state.run(index, state.stop);
  } catch (const std::bad_alloc&) {
    throw RunBroke(index, "no memory left", true);
  } catch (const std::exception& error) {
    throw RunBroke(index, error.what(), false);
  } catch (...) {
    throw RunBroke(index, "an exception of an unknown type", false);
  }
}

void Work(const std::shared_ptr<Shared>& state) {
  omp_set_num_threads(state->threads_per_case);  // of this thread, before it makes a primitive
  while (!state->stop) {
    const size_t place = state->next++;
    if (place >= state->order.size()) return;
    const size_t index = state->order[place];
    const auto start = Clock::now();
    try {
      std::vector<CaseResult> rows = RunOne(*state, index);
      Finish(state.get(), index, std::move(rows), SecondsSince(start));
    } catch (...) {
      Fail(state.get(), std::current_exception());
    }
  }
}

// True when all are done; false when interrupted. Throws what a case or on_finished threw.
bool Wait(Shared* state, const RunnerOptions& options) {
  const auto start = Clock::now();
  size_t seen = 0;
  std::vector<bool> finished;
  for (;;) {
    std::unique_lock lock(state->mutex);
    // A signal cannot notify, so it is looked for ten times a second.
    state->changed.wait_for(lock, std::chrono::milliseconds(100), [&] {
      return state->error || state->done != seen || state->done == state->finished.size();
    });
    const size_t done = state->done;
    if (done != seen || finished.empty()) finished = state->finished;
    seen = done;
    const std::exception_ptr error = state->error;
    lock.unlock();
    // First, for what is interrupted may break for that.
    if (options.interrupted != nullptr && *options.interrupted != 0) return false;
    if (error) std::rethrow_exception(error);
    if (options.on_progress) {
      options.on_progress({done, SecondsSince(start), finished, state->results});
    }
    if (done == state->finished.size()) return true;
  }
}

std::shared_ptr<Shared> Share(CasesToRun cases, const RunnerOptions& options) {
  auto state = std::make_shared<Shared>();
  state->run = std::move(cases.run);
  state->threads_per_case = options.threads_per_case;
  state->options = &options;
  state->results.resize(cases.known.size());
  state->finished.resize(cases.known.size());
  for (size_t i = 0; i < cases.known.size(); ++i) {
    if (!cases.known[i]) {
      state->order.push_back(i);
      continue;
    }
    state->results[i] = std::move(*cases.known[i]);
    state->finished[i] = true;
    ++state->done;
  }
  return state;
}

}  // namespace

CasesToRun CasesHere(std::shared_ptr<Experiment> experiment, std::vector<nlohmann::json> cases) {
  CasesToRun here;
  here.known.resize(cases.size());
  here.run = [experiment = std::move(experiment),
              cases = std::make_shared<std::vector<nlohmann::json>>(std::move(cases))](
                 size_t i, const std::atomic<bool>&) { return experiment->Run((*cases)[i]); };
  return here;
}

std::optional<std::vector<std::vector<CaseResult>>> RunCases(CasesToRun cases,
                                                             const RunnerOptions& options) {
  const std::shared_ptr<Shared> state = Share(std::move(cases), options);
  const size_t jobs = std::min(static_cast<size_t>(options.jobs), state->order.size());
  std::vector<std::thread> workers;
  const auto leave = [&](bool wait) {
    state->stop = true;
    if (!wait) {
      const std::lock_guard lock(state->mutex);
      state->options = nullptr;
    }
    for (std::thread& worker : workers) wait ? worker.join() : worker.detach();
  };
  try {
    for (size_t i = 0; i < jobs; ++i) workers.emplace_back(Work, state);
    const bool complete = Wait(state.get(), options);
    leave(complete || options.wait_for_running);
    if (!complete) return std::nullopt;
  } catch (...) {
    leave(options.wait_for_running);
    throw;
  }
  return std::move(state->results);
}

}  // namespace normsweep
