// Where the engines' results go.
#pragma once

#include <algorithm>
#include <cstdint>

#include "norms/kernels/plane_kernels.h"
#include "norms/kernels/stream.h"

namespace normsweep {

// Calls emit(to + i, i, length) for [0, n): at once, or with `stream` piece by piece into a buffer
// in the first-level cache, which then goes past the caches in whole lines. The kernels stay free of
// alignment that way (planes of 7x7 start anywhere), and the detour costs a twentieth of the store.
template <class Emit>
void Output(float* to, int64_t n, bool stream, const Emit& emit) {
  if (!stream) {
    emit(to, int64_t{0}, n);
    return;
  }
  constexpr int64_t kPiece = 2048;  // 8 KiB
  alignas(64) float buffer[kPiece];
  for (int64_t i = 0; i < n; i += kPiece) {
    const int64_t length = std::min(kPiece, n - i);
    emit(buffer, i, length);
    kernels::StreamCopy(buffer, to + i, length);
  }
}

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

// Calls body(i, rows, columns) for the values [first, last) of rows of `columns` side by side, cut
// into whole rows and pieces of one.
template <class Body>
void ForRowPieces(int64_t columns, int64_t first, int64_t last, const Body& body) {
  while (first < last) {
    const int64_t column = first % columns, left = last - first;
    if (column != 0 || left < columns) {  // a piece of one row
      const int64_t n = std::min(left, columns - column);
      body(first, int64_t{1}, n);
      first += n;
    } else {
      body(first, left / columns, columns);
      first += left / columns * columns;
    }
  }
}

}  // namespace normsweep
