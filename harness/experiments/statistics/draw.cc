#include "harness/experiments/statistics/draw.h"

#include <algorithm>
#include <numeric>

namespace normsweep {

Draw::Draw(int64_t images, Random* random) : order_(static_cast<size_t>(images)), random_(random) {
  std::iota(order_.begin(), order_.end(), int64_t{0});
}

void Draw::Next(int64_t first, int64_t n) {
  for (auto i = static_cast<size_t>(first); i < static_cast<size_t>(n); ++i) {
    std::swap(order_[i], order_[i + random_->Below(order_.size() - i)]);
  }
}

void Draw::PutFirst(int64_t image) {
  std::iter_swap(order_.begin(), std::find(order_.begin(), order_.end(), image));
}

}  // namespace normsweep
