// Noise behind a normalizer: S. Santurkar, D. Tsipras, A. Ilyas and A. Madry, arXiv 1805.11604,
// section 2.1 and appendix A ("noisy batch norm"). It undoes the stable distribution that batch
// norm gives the next layer, anew at every step.
//
// For channel j of a step: mu_j ~ U(-mean, mean), sigma_j ~ U(1, deviation). For sample i then
//
//   y_ij = s_ij x_ij + m_ij      m_ij ~ U(mu_j - spread, mu_j + spread)
//                                s_ij ~ N(sigma_j, spread^2)
//   dx_ij = s_ij dy_ij
//
// The paper's unit j is a channel here: its positions in a sample share m and s, as they share
// gamma and beta. spread is the paper's r_mu and r_sigma, which it sets to the same number.
//
// The noise of a step is a function of the seed, the layer's number and the step alone (streams.h):
// the same behind every normalizer, and for the first samples of a batch of any size.
#pragma once

#include <vector>

#include "harness/nn/layer.h"
#include "harness/nn/memory.h"

namespace normsweep {

struct NoiseConfig {
  double mean = 0.5;           // n_mu, >= 0
  double deviation = 1.25;     // n_sigma, >= 1
  double sample_spread = 0.1;  // r_mu and r_sigma, >= 0
};

class NoiseLayer : public Layer {
 public:
  NoiseLayer(const NoiseConfig& config, const FeatureShape& shape, uint64_t seed, uint64_t number);

  // In kTrain, each call is the next step; in the other modes y is x.
  float* Forward(Mode mode, int64_t n, float* x) override;
  float* Backward(int64_t n, float* x, float* dy) override;

  uint64_t step() const { return step_; }  // of the next Forward in kTrain
  void SetStep(uint64_t step) { step_ = step; }

 private:
  void Draw(int64_t n);

  NoiseConfig config_;
  uint64_t seed_, number_, step_ = 0;
  bool noisy_ = false;  // the last Forward
  std::vector<double> mu_, sigma_;
  std::vector<float> m_, s_;  // [n, C]
  // Not in place: this layer may be the last one of a residual block's main part.
  BatchBuffers y_, dx_;
};

}  // namespace normsweep
