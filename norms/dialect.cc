#include "norms/dialect.h"

#include <algorithm>
#include <array>

namespace normsweep {
namespace {

// pytorch: torch.nn.BatchNorm2d. keras: keras.layers.BatchNormalization, unfused. tf_fused:
// tf.compat.v1.nn.fused_batch_norm, which feeds the running average the unbiased variance. flax:
// flax.linen.BatchNorm. paper: 1502.03167, algorithm 2, line 10: averages over many training
// batches, of the unbiased variance; it gives no eps.
constexpr std::array kDialects = {
    Dialect{"pytorch", 0.1, "new", "unbiased", 1e-5},
    Dialect{"keras", 0.99, "old", "biased", 1e-3},
    Dialect{"tf_fused", 0.99, "old", "unbiased", 1e-3},
    Dialect{"flax", 0.99, "old", "biased", 1e-5},
    Dialect{"paper", std::nullopt, "new", "unbiased", 1e-5},
};

}  // namespace

const Dialect& ReadDialect(OptionReader* reader, const char* otherwise) {
  std::array<const char*, kDialects.size()> names{};
  std::transform(kDialects.begin(), kDialects.end(), names.begin(),
                 [](const Dialect& dialect) { return dialect.name; });
  std::string chosen = otherwise;
  reader->Choice("dialect", &chosen, names,
                 "framework whose conventions are the defaults of the other options");
  return *std::find_if(kDialects.begin(), kDialects.end(),
                       [&](const Dialect& dialect) { return chosen == dialect.name; });
}

}  // namespace normsweep
