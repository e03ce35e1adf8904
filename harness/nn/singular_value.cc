#include "harness/nn/singular_value.h"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

namespace normsweep {

double LargestSingularValue(std::span<const float> w, int64_t rows) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Rows> given(w.data(), rows, static_cast<int64_t>(w.size()) / rows);
  const Eigen::MatrixXd matrix = given.cast<double>();
  // Squares cost the small singular values their digits, not the largest; Eigen's BDCSVD, which
  // keeps them all, took three times as long to compile, more than any other source.
  Eigen::MatrixXd gram;
  if (matrix.rows() <= matrix.cols()) {
    gram = matrix * matrix.transpose();
  } else {
    gram = matrix.transpose() * matrix;
  }
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(gram, Eigen::EigenvaluesOnly);
  return std::sqrt(std::max(0.0, solver.eigenvalues().maxCoeff()));
}

}  // namespace normsweep
