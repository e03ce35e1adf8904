#include "harness/nn/singular_value.h"

#include <algorithm>
#include <cmath>

#include "harness/testing/known_matrix.h"
#include "norms/testing/catch.h"

namespace normsweep {
namespace {

// The entries are rounded to float32, each by 6e-8 of a value of size sigma at most.
TEST_CASE("the largest singular value of known matrices", "[nn]") {
  const auto of = [](int64_t rows, int64_t columns, const std::vector<double>& diagonal) {
    const KnownMatrix matrix(rows, columns, diagonal, 5);
    return LargestSingularValue(matrix.values, rows);
  };
  CHECK(of(5, 7, {0.5, 3.25, 1, 2, 0}) == Approx(3.25).epsilon(1e-6));
  CHECK(of(7, 5, {0.5, 1, 1, 2, 4}) == Approx(4).epsilon(1e-6));
  CHECK(of(3, 3, {2, 2, 2}) == Approx(2).epsilon(1e-6));             // no gap
  CHECK(of(40, 90, {1, 0.999999, 0.3}) == Approx(1).epsilon(1e-6));  // next to none
  CHECK(of(1, 4, {1.5}) == Approx(1.5).epsilon(1e-6));
  CHECK(of(4, 1, {1.5}) == Approx(1.5).epsilon(1e-6));
  CHECK(of(2, 3, {0, 0}) == 0);
}

TEST_CASE("the largest singular value by hand", "[nn]") {
  CHECK(LargestSingularValue(std::vector<float>{3, 4}, 1) == Approx(5).epsilon(1e-14));
  // W W^T = [[2, 1], [1, 2]]: eigenvalues 3 and 1.
  CHECK(LargestSingularValue(std::vector<float>{1, 1, 0, 1, 0, 1}, 2) ==
        Approx(std::sqrt(3.0)).epsilon(1e-14));
}

}  // namespace
}  // namespace normsweep
