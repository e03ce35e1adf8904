// Ranges of values, cut where planes and rows end.
#pragma once

#include <algorithm>
#include <cstdint>

#include "norms/kernels/plane_kernels.h"

namespace normsweep {

// Calls body(block, i) for the values [first, last) of planes of `all`, cut into whole planes and
// pieces of one; i is where the block starts, counted from `first`.
template <class Body>
void ForPlanePieces(const kernels::PlaneBlock& all, int64_t first, int64_t last, const Body& body) {
  const int64_t origin = first;
  while (first < last) {
    kernels::PlaneBlock block = all;
    block.first = first / all.s;
    const int64_t whole = last / all.s;
    const int64_t start = first;
    if (first % all.s != 0 || whole == block.first) {  // a piece of one plane
      block.last = block.first + 1;
      first = std::min(last, block.last * all.s);
      block.s = first - start;
    } else {
      block.last = whole;
      first = whole * all.s;
    }
    body(block, start - origin);
  }
}

}  // namespace normsweep
