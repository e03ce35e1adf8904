// Lets the compiler make a loop for several instruction sets and pick one when the program starts.
// Only for loops whose result is the same in all of them: element-wise, no sums (contraction into
// fused multiply-adds is off).
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define NORMSWEEP_CLONES \
  __attribute__((target_clones("avx512f", "avx2", "default"), optimize("O3")))
#else
#define NORMSWEEP_CLONES  // sanitizers start before the choice can be made
#endif
