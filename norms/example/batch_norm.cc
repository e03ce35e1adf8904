// Batch norm of a batch of two, with the installed library.
#include <norms/registry.h>

#include <iostream>

int main() {
  const normsweep::Shape shape = {.n = 2, .c = 1, .s = 2};
  const auto batch = normsweep::Create({.name = "batch"}, shape);
  const float x[] = {-1, 1, 3, 5};  // mean 2, variance 5
  float y[4];
  batch->Forward(normsweep::Mode::kTrain, {x, shape}, {y, shape});
  for (const float value : y) std::cout << value << '\n';
}
