// Oriented gratings: ten classes of 1x16x16 images that differ much from one another within a
// channel, as natural ones do, which is what batch statistics suffer from. Generated, so that the
// default experiment needs no files.
//
//   G(theta, f, phi, cx, cy, s)(x, y) = exp(-((x-cx)^2 + (y-cy)^2) / (2 s^2))
//                                       * cos(2 pi f ((x-cx) cos theta + (y-cy) sin theta) + phi)
//   sample = contrast * G(theta, f, phi, cx, cy, s)                           of class k
//          + 0.3 U(0, 1) * G(U(0, pi), U(0.15, 0.3), U(0, 2 pi), U(0, P), U(0, P),
//                            U(0.15 P, 0.25 P))
//          + N(0, 0.5) for the whole image + N(0, 0.2) for each pixel
//   theta = k pi / 10 + N(0, 0.05), contrast = exp(U(ln 0.3, ln 3)), f ~ U(0.15, 0.3) cycles a
//   pixel, phi ~ U(0, 2 pi), cx, cy ~ U(0.3 P, 0.7 P), s ~ U(0.2 P, 0.3 P), P = 16
//
// A part has as many samples of each class, in random order; each sample draws from its own stream.
// Pixels are rounded to 2^-10, so that every machine makes the same bytes.
#pragma once

#include <cstdint>

#include "harness/data/dataset.h"

namespace normsweep {

Dataset MakeGratings(uint64_t seed);  // as generated, not standardized

}  // namespace normsweep
