#include "norms/affine_storage.h"

namespace normsweep {

AffineStorage::AffineStorage(const Shape& x, AffineKind kind, bool has_gamma) {
  if (kind == AffineKind::kNone) return;
  const Shape parameters{1, x.c, kind == AffineKind::kElement ? x.s : 1, x.layout};
  if (has_gamma) {
    gamma = Storage(parameters, 1);
    dgamma = Storage(parameters, 0);
  }
  beta = Storage(parameters, 0);
  dbeta = Storage(parameters, 0);
}

std::vector<Parameter> AffineStorage::Parameters() {
  std::vector<Parameter> parameters;
  if (gamma.data() != nullptr) parameters.push_back({"gamma", gamma.view(), dgamma.view()});
  if (beta.data() != nullptr) parameters.push_back({"beta", beta.view(), dbeta.view()});
  return parameters;
}

}  // namespace normsweep
