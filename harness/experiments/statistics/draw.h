// Images drawn without return.
#pragma once

#include <cstdint>
#include <vector>

#include "norms/random.h"

namespace normsweep {

// n different images of all, the first n of a partial Fisher-Yates shuffle.
class Draw {
 public:
  Draw(int64_t images, Random* random);
  const std::vector<int64_t>& order() const { return order_; }
  // Draws places [first, n) anew.
  void Next(int64_t first, int64_t n);
  void PutFirst(int64_t image);

 private:
  std::vector<int64_t> order_;
  Random* random_;
};

}  // namespace normsweep
