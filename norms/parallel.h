// The one place that starts threads. OpenMP, because oneDNN links the same runtime: two pools of
// threads would fight for the cores.
#pragma once

#include <hwy/cache_control.h>
#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace normsweep {

inline int64_t ThreadCount() { return omp_in_parallel() ? 1 : omp_get_max_threads(); }

// Whether `work` elements, read and written, are worth more than one thread: starting and joining
// two costs 0.65 us, and fetching what the other one wrote about as much; a core takes 2 to 4 us for
// 12 Ki elements forward, and half of that is saved.
inline bool WorthThreads(int64_t work) {
  constexpr int64_t kLeastWork = 12 * 1024;
  return work >= kLeastWork && ThreadCount() > 1;
}

namespace internal {
inline thread_local int64_t thread_index = 0;
}
// Of the calling thread in the ParallelFor that it works for, below ThreadCount() of its caller; 0
// outside of one, and in one that starts no threads. Not omp_get_thread_num(), which in a parallel
// region of the library's user is the user's number.
inline int64_t ThreadIndex() { return internal::thread_index; }

// Calls body(i) for every i in [0, tasks), each exactly once, in any order and on any thread.
// `work` is the number of elements that all tasks together touch. `body` must not throw. The thread
// count is the caller's OpenMP setting (omp_set_num_threads), 1 inside a parallel region. A thread
// gets neighbouring tasks, the same ones in every call of as many: what it read is in its cache.
// What the tasks stored past the cache is visible to every thread afterwards.
template <class Body>
void ParallelFor(int64_t tasks, int64_t work, const Body& body) {
  if (tasks < 2 || !WorthThreads(work)) {
    for (int64_t i = 0; i < tasks; ++i) body(i);
    hwy::FlushStream();
    return;
  }
#pragma omp parallel
  {
    internal::thread_index = omp_get_thread_num();
#pragma omp for schedule(static) nowait
    for (int64_t i = 0; i < tasks; ++i) body(i);
    internal::thread_index = 0;
    hwy::FlushStream();
  }
}

// The same tasks on the same threads, the last one first: after a ParallelFor over more than the
// cache holds, what it read last is still there.
template <class Body>
void ParallelForBackwards(int64_t tasks, int64_t work, const Body& body) {
  if (tasks < 2 || !WorthThreads(work)) {
    for (int64_t i = tasks; i-- > 0;) body(i);
    hwy::FlushStream();
    return;
  }
#pragma omp parallel
  {
    const int64_t threads = omp_get_num_threads(), thread = omp_get_thread_num();
    // As schedule(static): the first tasks % threads threads take one more.
    const int64_t share = tasks / threads, more = tasks % threads;
    const int64_t first = thread * share + std::min(thread, more);
    internal::thread_index = thread;
    for (int64_t i = first + share + (thread < more ? 1 : 0); i-- > first;) body(i);
    internal::thread_index = 0;
    hwy::FlushStream();
  }
}

}  // namespace normsweep
