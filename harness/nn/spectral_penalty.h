// The spectral norm regularizer: Y. Yoshida and T. Miyato, arXiv 1705.10941, equations 4 and 5 and
// algorithm 1. It adds to the loss
//
//   lambda / 2 sum_l sigma(W_l)^2      with the gradient  lambda sigma_l u_l v_l^T
//
// over all linear layers l, the last one included. W_l is the weight that is trained, as the matrix
// [O, I K] (not the linear map that a convolution is), and sigma_l its largest singular value with
// the singular vectors u_l and v_l. Where a normalizer makes another weight of it, the penalty on
// the trained one would only act on a scale that the normalizer takes away again, so that
// train_config.h refuses the two together.
//
// Each step does one power iteration, which goes on from the last step's vectors:
//   v = W^T u / ||W^T u||,  sigma = ||W v||,  u = W v / sigma
// The first u is drawn from the seed (streams.h). A weight of zeros has sigma 0 and no gradient.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/nn/linear.h"

namespace normsweep {

class SpectralPenalty {
 public:
  // lambda >= 0. The linear layers outlive it.
  SpectralPenalty(const std::vector<Linear*>& linears, double lambda, uint64_t seed);

  // One step: adds the gradient to the layers' weight_gradient(), so after Network::Backward, which
  // overwrites those. Returns lambda / 2 sum sigma^2.
  double AddGradient();

 private:
  struct Vectors {
    Linear* linear;
    std::vector<double> u, v;
  };
  double AddGradient(Vectors* vectors) const;  // returns sigma

  double lambda_;
  std::vector<Vectors> layers_;
};

}  // namespace normsweep
