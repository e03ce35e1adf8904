#include "harness/nn/singular_value.h"

#include <Eigen/SVD>

namespace normsweep {

double LargestSingularValue(std::span<const float> w, int64_t rows) {
  using Rows = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Rows> matrix(w.data(), rows, static_cast<int64_t>(w.size()) / rows);
  return Eigen::BDCSVD<Eigen::MatrixXd>(matrix.cast<double>()).singularValues()(0);
}

}  // namespace normsweep
