// The one place that starts threads. OpenMP, because oneDNN links the same runtime: two pools of
// threads would fight for the cores.
#pragma once

#include <omp.h>

#include <cstdint>

namespace normsweep {

// Calls body(i) for every i in [0, tasks), each exactly once, in any order and on any thread.
// `work` is the number of elements that all tasks together touch: below 32 Ki (about 10 us of one
// core) starting threads costs more than it gives. `body` must not throw. The thread count is the
// caller's OpenMP setting (omp_set_num_threads), 1 inside a parallel region.
template <class Body>
void ParallelFor(int64_t tasks, int64_t work, const Body& body) {
  constexpr int64_t kLeastWork = 32 * 1024;
  if (tasks < 2 || work < kLeastWork || omp_get_max_threads() < 2 || omp_in_parallel()) {
    for (int64_t i = 0; i < tasks; ++i) body(i);
    return;
  }
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < tasks; ++i) body(i);
}

inline int64_t ThreadCount() { return omp_in_parallel() ? 1 : omp_get_max_threads(); }

}  // namespace normsweep
